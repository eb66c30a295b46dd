//! Formats numbers for people.

/// Returns the number with a comma between groups of three digits: `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns the number with the singular or the plural of a noun: `1 row`, `2,000 rows`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    let word = if count == 1 { one } else { many };
    format!("{} {word}", grouped(count))
}

/// Returns the percentage, rounded to one decimal. A part that is not zero is never shown as 0%, and
/// a part that is not the whole is never shown as 100%.
pub(super) fn share(part: u64, whole: u64) -> String {
    let whole = u128::from(whole.max(1));
    let thousandths = (u128::from(part) * 1000 + whole / 2) / whole;
    match thousandths {
        0 if part > 0 => "<0.1%".to_owned(),
        1000 if u128::from(part) < whole => ">99.9%".to_owned(),
        it => format!("{}.{}%", it / 10, it % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
    }

    #[test]
    fn shares_never_round_to_zero_or_to_all() {
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(1, 6), "16.7%");
        assert_eq!(share(1, 100_000), "<0.1%");
        assert_eq!(share(99_999, 100_000), ">99.9%");
        assert_eq!(share(0, 0), "0.0%");
        assert_eq!(share(u64::MAX, u64::MAX), "100.0%");
    }
}
