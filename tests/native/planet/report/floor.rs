//! The floor: how often something must be done at the least so that no request comes later than a period after it. The first
//! request after a period is the next that makes it necessary.

use crate::planet::plan::chance::Chance;

/// What must be done once a period of activity.
#[derive(Clone, Copy, Debug)]
pub struct Periodic {
    period: f64,
    until: f64,
    /// How often it was necessary.
    pub count: f64,
}

impl Periodic {
    /// Something that was done at `at`.
    pub fn new(period: f64, at: f64) -> Self {
        Self { period, until: at + period, count: 0.0 }
    }

    /// A request came.
    pub fn saw(&mut self, at: f64) {
        if at >= self.until {
            self.count += 1.0;
            self.until = at + self.period;
        }
    }

    /// Requests came at this rate.
    pub fn saw_many(&mut self, from: f64, to: f64, rate: f64, chance: &mut Chance) {
        loop {
            let next = self.until.max(from) + chance.wait(rate);
            if next >= to {
                return;
            }
            self.saw(next);
        }
    }
}
