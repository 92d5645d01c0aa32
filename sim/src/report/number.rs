//! Numbers as people read them.

/// A count with its digits in groups of three: `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A quantity with three significant digits, none of them invented: `0.0123`, `1.23`, `12.3`, `123`, `1,230`.
pub(super) fn quantity(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "-".to_string() } else { "unlimited".to_string() };
    }
    let decimals = match number.abs() {
        size if size >= 99.95 => return count(number.abs().round() as u64),
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        size if size >= 0.09995 => 3,
        _ => 4,
    };
    format!("{number:.decimals$}")
}

/// A share as a percentage with one decimal, without the sign.
pub(super) fn percent(part: f64) -> String {
    format!("{:.1}", 100.0 * part)
}

/// A part of a whole as a percentage.
pub(super) fn percent_of(part: u64, whole: u64) -> String {
    percent(part as f64 / whole.max(1) as f64)
}

/// Seconds in the unit that fits.
pub(super) fn seconds(time: f64) -> String {
    match time {
        time if time >= 1.0 => format!("{time:.2} s"),
        time if time >= 1e-3 => format!("{:.3} ms", time * 1e3),
        time => format!("{:.3} us", time * 1e6),
    }
}

/// Bytes in the binary unit that fits.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1 << 30 => format!("{:.2} GiB", bytes as f64 / (1u64 << 30) as f64),
        bytes if bytes >= 1 << 20 => format!("{:.2} MiB", bytes as f64 / (1u64 << 20) as f64),
        bytes if bytes >= 1 << 10 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        bytes => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_groups() {
        assert_eq!([0, 12, 123, 1234, 1_234_567].map(count), ["0", "12", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn quantities_have_three_digits() {
        let numbers = [0.0, 0.01234, 0.1234, 0.99996, 1.234, 12.34, 99.96, 123.4, 1234.0, f64::INFINITY];
        let texts = ["0.0000", "0.0123", "0.123", "1.00", "1.23", "12.3", "100", "123", "1,234", "unlimited"];
        assert_eq!(numbers.map(quantity), texts);
    }

    #[test]
    fn times_and_sizes_choose_their_unit() {
        assert_eq!([2.5, 0.0025, 2.5e-6].map(seconds), ["2.50 s", "2.500 ms", "2.500 us"]);
        assert_eq!([12, 2048, 3 << 20, 5 << 30].map(bytes), ["12 B", "2.0 KiB", "3.00 MiB", "5.00 GiB"]);
    }
}
