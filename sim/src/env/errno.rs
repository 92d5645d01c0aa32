//! Linux error numbers as RISC-V programs see them.

/// An error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident = $number:literal, $doc:literal;)*) => {
        impl Errno { $(#[doc = $doc] pub const $name: Errno = Errno($number);)* }
    };
}

errnos! {
    EPERM = 1, "Not permitted.";
    ENOENT = 2, "No such file or directory.";
    ESRCH = 3, "No such process.";
    EIO = 5, "Input/output error.";
    EBADF = 9, "Bad file descriptor.";
    EAGAIN = 11, "Try again.";
    ENOMEM = 12, "Out of memory.";
    EACCES = 13, "Permission denied.";
    EFAULT = 14, "Bad address.";
    EEXIST = 17, "File exists.";
    ENODEV = 19, "The device cannot do that.";
    ENOTDIR = 20, "Not a directory.";
    EISDIR = 21, "Is a directory.";
    EINVAL = 22, "Invalid argument.";
    EMFILE = 24, "Too many open files.";
    ENOTTY = 25, "Not a terminal.";
    ESPIPE = 29, "Not seekable.";
    EROFS = 30, "Read-only.";
    ERANGE = 34, "The result does not fit.";
    ENAMETOOLONG = 36, "Name too long.";
    ENOSYS = 38, "No such system call.";
    ELOOP = 40, "A symbolic link where none may be.";
    ETIMEDOUT = 110, "Timed out.";
}

impl From<std::io::Error> for Errno {
    /// The host's number: simulator hosts are Linux machines with the same numbering.
    fn from(error: std::io::Error) -> Errno {
        error.raw_os_error().map_or(Errno::EIO, Errno)
    }
}

impl From<rvtile_isa::memory::Denied> for Errno {
    fn from(_: rvtile_isa::memory::Denied) -> Errno {
        Errno::EFAULT
    }
}

/// The value of a system call in a0: the result or the negated error number.
pub(crate) fn encode(result: Result<u64, Errno>) -> u64 {
    result.unwrap_or_else(|errno| i64::from(errno.0).wrapping_neg() as u64)
}
