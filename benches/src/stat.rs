//! The little statistics there is.

/// The median, the mean of the middle two if their number is even; NaN of nothing. What could not be
/// measured, NaN or infinite, is passed over, here and below.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// The median of the ratios of each round, not the ratio of the medians: what disturbs a round
/// disturbs both of its sides. None if no round has both, or if the reference is 0 throughout.
pub(crate) fn ratio(values: &[f64], reference: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = values
        .iter()
        .zip(reference)
        .map(|(a, b)| a / b)
        .filter(|r| r.is_finite())
        .collect();
    (!ratios.is_empty()).then(|| median(ratios))
}

/// The least and the greatest.
pub(crate) fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .filter(|v| v.is_finite())
        .fold((f64::NAN, f64::NAN), |(lo, hi), &v| (lo.min(v), hi.max(v)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_odd_even_and_none() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median([]).is_nan());
        assert_eq!(median([f64::INFINITY, 1.0, f64::NAN]), 1.0);
    }

    #[test]
    fn ratio_is_the_median_of_ratios() {
        // The ratio of the medians would be 2/10.
        let ratio = ratio(&[1.0, 2.0, 30.0], &[10.0, 4.0, 20.0]);
        assert_eq!(ratio, Some(0.5));
    }

    #[test]
    fn ratio_to_nothing_is_none() {
        assert_eq!(ratio(&[1.0], &[0.0]), None);
        assert_eq!(ratio(&[], &[]), None);
    }

    #[test]
    fn range_has_both_ends() {
        assert_eq!(range(&[2.0, f64::INFINITY, 1.0, f64::NAN, 3.0]), (1.0, 3.0));
    }
}
