//! Chance with a seed of its own: the arrivals of the planet do not depend on what its isolates draw.

/// A source of random numbers.
#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between 0 and 1, never 0.
    pub fn share(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap();
        (f64::from(bits) + 1.0) / (f64::from(u32::MAX) + 1.0)
    }

    /// How long until the next of what comes at this rate; for ever, where nothing comes.
    pub fn wait(&mut self, rate: f64) -> f64 {
        if rate <= 0.0 { f64::INFINITY } else { -self.share().ln() / rate }
    }

    /// How many come where so many are expected.
    pub fn count(&mut self, expected: f64) -> f64 {
        if expected <= 0.0 {
            return 0.0;
        }
        if expected > 30.0 {
            return self.normal().mul_add(expected.sqrt(), expected).round().max(0.0);
        }
        let (limit, mut product, mut count) = ((-expected).exp(), self.share(), 0.0);
        while product > limit {
            product *= self.share();
            count += 1.0;
        }
        count
    }

    fn normal(&mut self) -> f64 {
        let (radius, turn) = ((-2.0 * self.share().ln()).sqrt(), self.share());
        radius * (std::f64::consts::TAU * turn).cos()
    }

    /// One of several by their weights, as `weight` has them for indices below `count`.
    pub fn choose(&mut self, count: usize, weight: impl Fn(usize) -> f64) -> usize {
        let total: f64 = (0..count).map(&weight).sum();
        let mut left = self.share() * total;
        for index in 0..count {
            left -= weight(index);
            if left <= 0.0 {
                return index;
            }
        }
        count.saturating_sub(1)
    }

    /// One of so many.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(count).unwrap()).unwrap()
    }
}

/// Weights as Zipf has them, which add up to 1.
pub fn zipf(count: usize, exponent: f64) -> Vec<f64> {
    let ranks = (1..=count).map(|rank| f64::from(u32::try_from(rank).unwrap()).powf(-exponent));
    let weights: Vec<f64> = ranks.collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}
