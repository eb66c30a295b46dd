//! The score interval of Wilson for a share that was estimated from a sample.

/// The 97.5th percentile of the standard normal distribution, for intervals of 95 percent.
const Z: f64 = 1.959_964;

/// Returns the 95 percent score interval for the share `part` of `whole`, or `None` if `whole` is
/// zero. Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
/// inference", JASA 22 (1927), 209-212, without continuity correction.
pub(super) fn interval(part: u64, whole: u64) -> Option<(f64, f64)> {
    if whole == 0 {
        return None;
    }
    // Counts of rows are far below 2^53, so they are exact in `f64`.
    let (part_exact, n) = (part as f64, whole as f64);
    let share = part_exact / n;
    let z2 = Z * Z;
    let centre = share + z2 / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // At both ends the formula gives exactly 0 and 1, but rounding may miss them.
    let low = if part == 0 {
        0.0
    } else {
        (centre - spread) / scale
    };
    let high = if part >= whole {
        1.0
    } else {
        (centre + spread) / scale
    };
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R. G. Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven
    /// methods", Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    const NEWCOMBE: [(u64, u64, f64, f64); 4] = [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ];

    #[test]
    fn intervals_are_those_that_were_published() {
        for (part, whole, low, high) in NEWCOMBE {
            let found = interval(part, whole).unwrap();
            assert!((found.0 - low).abs() < 5e-5, "{part}/{whole}: {found:?}");
            assert!((found.1 - high).abs() < 5e-5, "{part}/{whole}: {found:?}");
            // The interval for the rest is the mirror image.
            let rest = interval(whole - part, whole).unwrap();
            assert!((rest.0 - (1.0 - found.1)).abs() < 1e-12, "{rest:?}");
            assert!((rest.1 - (1.0 - found.0)).abs() < 1e-12, "{rest:?}");
        }
    }

    #[test]
    fn none_and_all_end_at_none_and_all() {
        for whole in [1, 2, 20, 1_000_000_007] {
            let (low, high) = interval(0, whole).unwrap();
            assert!(low == 0.0 && 0.0 < high && high < 1.0, "{low} {high}");
            let (low, high) = interval(whole, whole).unwrap();
            assert!(0.0 < low && low < 1.0 && high == 1.0, "{low} {high}");
        }
        assert_eq!(interval(0, 0), None);
    }
}
