//! What an answer costs.

use crate::config::PriceSettings;
use crate::domain::Price;

impl From<&PriceSettings> for Price {
    /// A price that is no number or negative counts as nothing.
    fn from(settings: &PriceSettings) -> Self {
        Self {
            prompt: per_million(settings.prompt_per_million),
            completion: per_million(settings.completion_per_million),
        }
    }
}

/// A price in whole millionths, so that everything after it is exact.
fn per_million(price: f64) -> u64 {
    // `as` saturates, and turns what is no number into 0.
    (price * 1_000_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use crate::config::PriceSettings;
    use crate::domain::Price;

    #[test]
    fn costs_are_exact_and_saturate() {
        let table = [
            (0.0, 0.0, 1_000, 1_000, 0),
            (2.5, 10.0, 1_000, 1_000, 12_500),
            (0.15, 0.6, 7, 3, 3),
            (0.1, 0.2, 3, 0, 0),
            (0.1, 0.2, 5, 0, 1),
            (0.1, 0.2, 1_000_000, 1_000_000, 300_000),
            (-3.0, 1.0, 10, 10, 10),
            (f64::NAN, 1.0, 10, 10, 10),
            (f64::INFINITY, f64::INFINITY, u32::MAX, u32::MAX, u64::MAX),
        ];
        for (prompt_per_million, completion_per_million, prompt, completion, expected) in table {
            let price = PriceSettings { prompt_per_million, completion_per_million };
            let cost = Price::from(&price).cost_micros(prompt, completion);
            assert_eq!(cost, expected, "{price:?} {prompt} {completion}");
        }
    }
}
