# SPDX-License-Identifier: MIT OR Apache-2.0
"""A small compiler for straight-line vector functions y[i] = f(x[i]) on doubles.

A function is written as operations on values, in the order in which they are to be executed; each makes a new value.
Registers are given out by last use. Multiply-adds overwrite whichever operand is not needed any more. Masks live in
single registers and are brought to v0 where they are used. Constants are kept in scalar registers while those last and
are loaded where they are used beyond. Nothing is spilled: a function that needs more registers is refused.
"""

import struct

from schedule import scheduled


class OutOfRegisters(Exception):
    pass


class Scalar:
    """A constant: a double if it is a float, else 64 bits."""

    def __init__(self, value):
        self.float = isinstance(value, float)
        self.bits = struct.unpack("<Q", struct.pack("<d", value))[0] if self.float else value % (1 << 64)

    @property
    def key(self):
        return (self.float, self.bits)


class Value:
    """A register group, or a mask."""

    def __init__(self, mask=False):
        self.mask = mask
        self.register = None


# What may hold constants: the argument registers in use, the stack and what the loop needs are not among them.
FLOATS = [f"ft{i}" for i in range(12)] + [f"fa{i}" for i in range(1, 8)]
INTEGERS = ["a5", "a6", "a7", "t2", "t3", "t4", "t5", "t6"]


class Function:
    def __init__(self, name, lmul):
        self.name, self.lmul, self.ops = name, lmul, []
        self.x = Value()
        self.ops.append(("load", self.x, []))

    # ---- operations -------------------------------------------------------------------------------------------------

    def do(self, mnemonic, *operands, mask=False):
        """An operation with its operands in the order of the assembler, without its destination."""
        result = Value(mask)
        self.ops.append((mnemonic, result, [Scalar(o) if isinstance(o, float) else o for o in operands]))
        return result

    def compare(self, mnemonic, *operands):
        return self.do(mnemonic, *operands, mask=True)

    def multiply_add(self, sign, a, b, c):
        """a*b + c ("+"), c - a*b ("-"), a*b - c ("^"); b may be a constant."""
        result = Value()
        self.ops.append((sign, result, [a, Scalar(b) if isinstance(b, float) else b, c]))
        return result

    def fma(self, a, b, c):
        return self.multiply_add("+", a, b, c)

    def fnma(self, a, b, c):
        return self.multiply_add("-", a, b, c)

    def fms(self, a, b, c):
        return self.multiply_add("^", a, b, c)

    def merge(self, mask, yes, no):
        """`yes` where the mask is set, `no` elsewhere."""
        result = Value()
        yes = Scalar(yes) if isinstance(yes, float) else yes
        self.ops.append(("merge", result, [no, yes, mask]))
        return result

    def masked(self, mask, old, mnemonic, *operands):
        """An operation where the mask is set; `old` elsewhere."""
        result = Value()
        operands = [Scalar(o) if isinstance(o, float) else o for o in operands]
        self.ops.append(("masked", result, [mnemonic, old, mask, *operands]))
        return result

    def special(self, mask, sane):
        """Where the mask is set, the C function <name>_special does the work afterwards; the vector code goes on with
        `sane` in place of x. Returns the new x."""
        result = Value()
        self.ops.append(("special", result, [mask, Scalar(sane), self.x]))
        self.x = result
        return result

    def later(self, mask):
        """As special, but the vector code goes on with what it has."""
        self.ops.append(("later", None, [mask]))

    def if_any(self, mask):
        """What follows, up to end_if, is left out where no element of the mask is set; only what `update` gives
        is of use behind it."""
        self.ops.append(("if", None, [mask]))

    def update(self, mask, old, yes):
        """merge(mask, yes, old) in the place of `old`, which is not to be used any more."""
        result = Value()
        self.ops.append(("update", result, [old, Scalar(yes) if isinstance(yes, float) else yes, mask]))
        return result

    def end_if(self):
        self.ops.append(("end", None, []))

    # ---- shorthands -------------------------------------------------------------------------------------------------

    def polynomial(self, x, coefficients):
        """Horner's rule from the highest coefficient, in floating point; `coefficients` from the lowest."""
        *rest, first = coefficients
        last = rest.pop()
        result = self.fma(x, first, self.do("vfmv.v.f", last))
        for c in reversed(rest):
            result = self.fma(result, x, self.do("vfmv.v.f", c))
        return result

    def fixed_step(self, p, x, c):
        return self.do("vadd.vx", self.do("vsmul.vv", p, x), c)

    def fixed_polynomial(self, x, coefficients):
        """The same in fixed point: products lose 63 bits."""
        *rest, first = coefficients
        result = self.do("vadd.vx", self.do("vsmul.vx", x, Scalar(first)), Scalar(rest.pop()))
        for c in reversed(rest):
            result = self.fixed_step(result, x, Scalar(c))
        return result

    def to_fixed(self, x, scale):
        """round(x * scale)."""
        form = "vfmul.vv" if isinstance(scale, Value) else "vfmul.vf"
        return self.do("vfcvt.x.f.v", self.do(form, x, scale))

    def classes(self, bits):
        """A mask of the elements of x of these classes."""
        found = self.do("vand.vx", self.do("vfclass.v", self.x), Scalar(bits))
        return self.compare("vmsne.vi", found, 0)

    def scaled(self, x, n):
        """x * 2^n in two steps, so that results near both ends of the range come out right."""
        half = self.do("vsra.vi", n, 1)
        rest = self.do("vsub.vv", n, half)
        x = self.do("vadd.vv", x, self.do("vsll.vx", half, Scalar(52)))
        rest = self.do("vsll.vx", self.do("vadd.vx", rest, Scalar(1023)), Scalar(52))
        return self.do("vfmul.vv", x, rest)

    def fast_two_sum(self, a, b):
        """a + b exactly as sum and rest, for |a| >= |b|."""
        total = self.do("vfadd.vv", a, b)
        return total, self.do("vfadd.vv", self.do("vfsub.vv", a, total), b)

    def store(self, y):
        self.ops.append(("store", None, [y]))

    # ---- assembly ---------------------------------------------------------------------------------------------------

    def assembly(self):
        groups = 32 // self.lmul - 1
        source = self.ops
        # With fewer values at a time, if masks and copies leave too few registers.
        for spare in range(1, groups):
            self.ops = scheduled(source, self.lmul, groups - spare)
            try:
                return Emitter(self).run()
            except OutOfRegisters:
                continue
        raise SystemExit(f"{self.name}: more than the registers at LMUL {self.lmul}")


class Emitter:
    def __init__(self, function):
        self.f, self.lines, self.sane, self.blocks = function, [], [], 0
        uses = {}
        for index, (_, result, operands) in enumerate(function.ops):
            if result is not None:
                result.register = None
            for operand in operands:
                if isinstance(operand, Value):
                    uses[operand] = index
        self.last = uses
        lmul = function.lmul
        self.groups = [f"v{i}" for i in range(32 - lmul, lmul - 1, -lmul)]
        # Registers beside v0 in its group are for masks; then a group is given up for more.
        self.masks = [f"v{i}" for i in range(lmul - 1, 0, -1)]
        self.resident = None
        self.constants()

    def constants(self):
        """The first distinct constants get registers."""
        self.held, self.pool = {}, {}
        free = {True: list(FLOATS), False: list(INTEGERS)}
        for _, _, operands in self.f.ops:
            for operand in operands:
                if isinstance(operand, Scalar) and operand.key not in self.held:
                    self.pool.setdefault(operand.key, len(self.pool))
                    if free[operand.float]:
                        self.held[operand.key] = free[operand.float].pop(0)

    def line(self, text):
        self.lines.append(f"    {text}")

    def scalar(self, constant):
        if constant.key in self.held:
            return self.held[constant.key]
        register, load = ("fa0", "fld") if constant.float else ("t0", "ld")
        self.line(f"{load} {register}, {8 * self.pool[constant.key]}(a4)")
        return register

    def text(self, operand):
        if isinstance(operand, Scalar):
            return self.scalar(operand)
        return operand.register if isinstance(operand, Value) else str(operand)

    def dies(self, value, index):
        return self.last.get(value) == index

    def release(self, operands, index):
        for value in dict.fromkeys(o for o in operands if isinstance(o, Value) and self.dies(o, index)):
            if self.resident is value:
                self.resident = None
            if value.register and value.register != "v0":
                (self.masks if value.mask else self.groups).append(value.register)

    def take(self, value):
        if value.mask:
            if self.resident is None:
                value.register, self.resident = "v0", value
                return
            if not self.masks:
                self.masks.append(self.group())
            value.register = self.masks.pop()
        else:
            value.register = self.group()

    def group(self):
        if not self.groups:
            raise OutOfRegisters
        return self.groups.pop()

    def home(self):
        """The mask in v0 gets a register of its own, if it has none."""
        if self.resident is not None and self.resident.register == "v0":
            if not self.masks:
                self.masks.append(self.group())
            self.resident.register = self.masks.pop()
            self.line(f"vmv1r.v {self.resident.register}, v0")

    def bring(self, mask):
        """The mask into v0."""
        if self.resident is not mask:
            self.home()
            self.line(f"vmv1r.v v0, {mask.register}")
            self.resident = mask

    def tied(self, result, old, index, others):
        """The result overwrites `old`, or a copy if that is needed later."""
        if self.dies(old, index) and others.count(old) == 0:
            result.register, old.register = old.register, None
        else:
            result.register = self.group()
            self.line(f"vmv{self.f.lmul}r.v {result.register}, {old.register}")

    def multiply_add(self, sign, result, operands, index):
        a, b, c = operands
        names = {"+": ("vfmadd", "vfmacc"), "-": ("vfnmsub", "vfnmsac"), "^": ("vfmsub", "vfmsac")}[sign]
        once = lambda value: self.dies(value, index) and operands.count(value) == 1
        if isinstance(b, Scalar):
            scalar = self.scalar(b)
            if once(a) and not once(c):
                name, (keep, other) = names[0], (a, c)
            else:
                name, (keep, other) = names[1], (c, a)
            self.tied(result, keep, index, [o for o in operands if o is not keep])
            self.line(f"{name}.vf {result.register}, {scalar}, {other.register}")
        elif not once(c) and (once(a) or once(b)):
            keep, other = (a, b) if once(a) else (b, a)
            self.tied(result, keep, index, [])
            self.line(f"{names[0]}.vv {result.register}, {other.register}, {c.register}")
        else:
            self.tied(result, c, index, [a, b])
            self.line(f"{names[1]}.vv {result.register}, {a.register}, {b.register}")

    def run(self):
        for index, (mnemonic, result, operands) in enumerate(self.f.ops):
            if mnemonic in "+-^":
                self.multiply_add(mnemonic, result, operands, index)
            elif mnemonic in self.SPECIAL:
                self.SPECIAL[mnemonic](self, result, operands, index)
            else:
                self.plain(mnemonic, result, operands, index)
            self.release(operands, index)
            if result is not None and result not in self.last:
                self.last[result] = index
                self.release([result], index)
        return self.text_of_function()

    def plain(self, mnemonic, result, operands, index):
        texts = [self.text(operand) for operand in operands]
        if result.mask:
            # A mask must not overlap the end of a group that it is computed from.
            self.take(result)
        else:
            self.reuse(result, operands, index)
        self.line(f"{mnemonic} {', '.join([result.register, *texts])}")

    def reuse(self, result, operands, index):
        """A register for a result that may take that of an operand."""
        for value in operands:
            if isinstance(value, Value) and not value.mask and value.register and self.dies(value, index):
                result.register, value.register = value.register, None
                return
        self.take(result)

    def load(self, result, operands, index):
        self.take(result)
        self.line(f"vle64.v {result.register}, (a1)")

    def store(self, result, operands, index):
        self.line(f"vse64.v {operands[0].register}, (a2)")

    def merge(self, result, operands, index):
        no, yes, mask = operands
        self.bring(mask)
        no_text, yes_text = no.register, self.text(yes)
        self.reuse(result, [no, yes], index)
        self.line(f"{merge_name(yes)} {result.register}, {no_text}, {yes_text}, v0")

    def update(self, result, operands, index):
        old, yes, mask = operands
        if not self.dies(old, index):
            raise SystemExit(f"{self.f.name}: an updated value is used later")
        self.bring(mask)
        result.register, old.register = old.register, None
        self.line(f"{merge_name(yes)} {result.register}, {result.register}, {self.text(yes)}, v0")

    def masked(self, result, operands, index):
        name, old, mask, *sources = operands
        self.bring(mask)
        texts = [self.text(source) for source in sources]
        # Only a multiply-add reads its destination as a factor, and so must not have it as a source too.
        self.tied(result, old, index, sources if name.startswith(("vfn", "vfm")) and "mul" not in name else [])
        self.line(f"{name} {', '.join([result.register, *texts])}, v0.t")

    def special(self, result, operands, index):
        mask, sane, old = operands
        self.bring(mask)
        self.line("vcpop.m a3, v0")
        self.line("bnez a3, 3f")
        self.lines.append("2:")
        result.register, old.register = old.register, None
        x = result.register
        self.sane = [f"vfmerge.vfm {x}, {x}, {self.scalar(sane)}, v0"]

    def later(self, result, operands, index):
        self.line(f"vcpop.m t0, {operands[0].register}")
        self.line("add a3, a3, t0")

    def begin(self, result, operands, index):
        self.line(f"vcpop.m t0, {operands[0].register}")
        self.home()
        self.resident = None
        self.blocks += 1
        self.line(f"beqz t0, {self.blocks}6f")

    def end(self, result, operands, index):
        self.home()
        self.resident = None
        self.lines.append(f"{self.blocks}6:")

    SPECIAL = {
        "load": load, "store": store, "merge": merge, "update": update, "masked": masked, "special": special,
        "later": later, "if": begin, "end": end,
    }

    def text_of_function(self):
        name = f"vmath_{self.f.name}"
        fixed = any(op[0].startswith("vsmul") for op in self.f.ops)
        text = [f"    .globl {name}", f"    .type {name}, @function", f"{name}:"]
        text += ["    lla a4, 9f"] if self.pool else []
        text += [f"    {'fld' if key[0] else 'ld'} {held}, {8 * self.pool[key]}(a4)" for key, held in self.held.items()]
        text += ["    csrwi vxrm, 1"] if fixed else []
        text += ["1:", f"    vsetvli t1, a0, e64, m{self.f.lmul}, ta, ma", *self.lines]
        text += ["    bnez a3, 4f"] if self.sane else []
        text += [*indented(STEP), "    bnez a0, 1b", "    ret"]
        if self.sane:
            # Calls keep no constants: the function begins anew behind these elements.
            text += ["3:", *indented(self.sane), "    j 2b", "4:", *indented(CALL)]
            text += [f"    call {name}_special", *indented(BACK), *indented(STEP), f"    bnez a0, {name}", "    ret"]
        text.append(f"    .size {name}, . - {name}")
        if self.pool:
            text += ["    .section .rodata", "    .balign 8", "9:"]
            text += [f"    .dword {bits:#018x}{comment(is_float, bits)}" for is_float, bits in self.pool]
        return "\n".join(text) + "\n"


STEP = ["sub a0, a0, t1", "slli t1, t1, 3", "add a1, a1, t1", "add a2, a2, t1"]
CALL = ["addi sp, sp, -48", *(f"sd {r}, {8 * i}(sp)" for i, r in enumerate(["ra", "a0", "a1", "a2", "t1"])), "mv a0, t1"]
BACK = [*(f"ld {r}, {8 * i}(sp)" for i, r in enumerate(["ra", "a0", "a1", "a2", "t1"])), "addi sp, sp, 48"]


def indented(lines):
    return [f"    {line}" for line in lines]


def comment(is_float, bits):
    return f"  # {struct.unpack('<d', struct.pack('<Q', bits))[0]!r}" if is_float else ""


def merge_name(yes):
    return "vmerge.vvm" if not isinstance(yes, Scalar) else "vfmerge.vfm" if yes.float else "vmerge.vxm"
