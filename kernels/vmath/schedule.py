# SPDX-License-Identifier: MIT OR Apache-2.0
"""The order of a function's operations: independent chains side by side, as far as there are registers for them."""

LATENCY = {"vfdiv": 30, "vfrdiv": 30, "vfsqrt": 30}
# What other operations are not moved across, and what only the one that needs it is moved beside.
FIXED = {"load", "special", "later", "if", "end", "store"}
LEAVES = {"vfmv.v.f", "vmv.v.x", "vmv.v.i"}


def latency(mnemonic):
    return LATENCY.get(mnemonic.split(".")[0], 4)


def values(operands):
    return [o for o in operands if hasattr(o, "register")]


def scheduled(ops, lmul, limit):
    """The operations between each two fixed ones anew, with at most `limit` groups in use."""
    result, part = [], []
    for op in [*ops, None]:
        if op is not None and op[0] not in FIXED:
            part.append(op)
            continue
        later = ops[len(result) + len(part):]
        result += order(part, result, later, lmul, limit)
        part = []
        if op is not None:
            result.append(op)
    return result


def order(part, before, later, lmul, limit):
    makers = {op[1]: op for op in part}
    needs = {op[1]: [v for v in values(op[2]) if v in makers] for op in part}
    # An operation that overwrites a value comes behind all others that read it.
    for op in part:
        if op[0] in ("update", "masked"):
            old = op[2][0 if op[0] == "update" else 1]
            needs[op[1]] += [other[1] for other in part if other is not op and old in values(other[2])]
    users = {result: [op for op in part if result in needs[op[1]]] for result in makers}
    length = {}
    for op in reversed(part):
        length[op[1]] = latency(op[0]) + max((length[user[1]] for user in users[op[1]] if user[1] in length), default=0)
    outside = {v for op in later for v in values(op[2])}
    uses = {}
    for op in part:
        for v in set(values(op[2])):
            uses[v] = uses.get(v, 0) + 1
    live = {v for op in before if op[1] is not None for v in [op[1]] if v in uses or v in outside}
    ready_at, done, out, now = {}, set(), [], 0

    def change(op):
        dying = [v for v in set(values(op[2])) if uses[v] == 1 and v not in outside and not v.mask]
        return (0 if op[1].mask else 1) - len(dying)

    def may_start(op):
        if any(v not in done for v in needs[op[1]]):
            return False
        if op[0] not in LEAVES:
            return True
        # A constant beside its user: when nothing else of that is missing.
        return all(v in done or makers[v][0] in LEAVES for user in users[op[1]][:1] for v in needs[user[1]])

    while len(out) < len(part):
        candidates = [op for op in part if op[1] not in done and may_start(op)]
        groups = sum(not v.mask for v in live)
        fitting = [op for op in candidates if groups + change(op) <= limit] or sorted(candidates, key=change)[:1]
        start = lambda op: max([now, *(ready_at[v] for v in needs[op[1]])])
        best = min(fitting, key=lambda op: (start(op), -length[op[1]]))
        now = start(best) + lmul
        ready_at[best[1]] = now - lmul + latency(best[0])
        done.add(best[1])
        out.append(best)
        for v in set(values(best[2])):
            uses[v] -= 1
            if uses[v] == 0 and v not in outside:
                live.discard(v)
        live.add(best[1])
    return out
