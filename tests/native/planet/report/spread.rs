//! How something is spread over requests: quantiles of weighted values within two percent.

/// Steps grow by a fiftieth.
const STEP: f64 = 1.02;
const STEPS: i32 = 1_000;
/// Into so many parts an interval of many values is taken apart.
const PARTS: u8 = 16;

/// Values that are not negative, with their weights.
#[derive(Clone, Debug)]
pub struct Spread {
    zero: f64,
    bounds: Vec<f64>,
    weights: Vec<f64>,
    pub worst: f64,
}

impl Default for Spread {
    fn default() -> Self {
        let bounds: Vec<f64> = (0..STEPS).map(|step| STEP.powi(step)).collect();
        Self { zero: 0.0, weights: vec![0.0; bounds.len()], bounds, worst: 0.0 }
    }
}

impl Spread {
    /// A value.
    pub fn note(&mut self, value: f64, weight: f64) {
        if value <= 0.0 {
            self.zero += weight;
        } else if weight > 0.0 {
            self.worst = self.worst.max(value);
            let step = self.bounds.partition_point(|bound| *bound < value);
            self.weights[step.min(self.bounds.len() - 1)] += weight;
        }
    }

    /// Values that are evenly spread.
    pub fn note_many(&mut self, from: f64, to: f64, weight: f64) {
        if to <= 0.0 {
            self.zero += weight;
            return;
        }
        for part in 0..PARTS {
            let middle = (f64::from(part) + 0.5) / f64::from(PARTS);
            self.note((to - from).mul_add(middle, from), weight / f64::from(PARTS));
        }
    }

    fn total(&self) -> f64 {
        self.zero + self.weights.iter().sum::<f64>()
    }

    /// What share is not zero.
    pub fn share(&self) -> f64 {
        1.0 - self.zero / self.total().max(f64::MIN_POSITIVE)
    }

    /// What share is at most so large.
    pub fn share_within(&self, most: f64) -> f64 {
        let steps = self.bounds.iter().zip(&self.weights).filter(|(bound, _)| **bound <= most);
        let within: f64 = steps.map(|(_, weight)| weight).sum();
        (self.zero + within) / self.total().max(f64::MIN_POSITIVE)
    }

    /// How large at most so large a share is.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut left = self.total().mul_add(share, -self.zero);
        if left <= 0.0 {
            return 0.0;
        }
        for (bound, weight) in self.bounds.iter().zip(&self.weights) {
            left -= weight;
            if left <= 0.0 {
                return bound.min(self.worst);
            }
        }
        self.worst
    }
}
