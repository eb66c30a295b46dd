//! The gate: limits the number of visits in flight to what this machine can carry, measured by the
//! lag of its event loop.
//!
//! A late event loop sees answers late and takes live servers for silent ones. So the limit starts
//! low, grows while the loop is on time, and falls while it is late. The slow start is needed too:
//! without it, the opening burst would begin before the first lag is measured.

use std::time::{Duration, Instant};

/// The adaptive limit on visits in flight.
#[derive(Clone, Debug)]
pub struct Gate {
    allowance: usize,
    ceiling: usize,
    grown: Option<Instant>,
}

/// Limit at the start.
const START: usize = 128;
/// Minimum of the limit: enough to keep a core busy on a network with some latency.
const FLOOR: usize = 64;
/// Growth per [`STEP`] while the loop is on time.
const GROWTH: u32 = 64;
/// Duration of a step. A growth of 64 per 12 ms caused no false timeouts in any measured run.
const STEP: Duration = Duration::from_millis(12);
/// Lag at which growth stops. Above twice this lag the limit falls.
const LIMIT: Duration = Duration::from_millis(20);
/// Maximum number of missed steps to make up after a late tick. More would be a burst.
const MOST_STEPS: u128 = 4;

impl Gate {
    /// Creates a gate with a limit of at most `ceiling`.
    pub fn new(ceiling: usize) -> Self {
        Self {
            allowance: START.min(ceiling),
            ceiling,
            grown: None,
        }
    }

    /// Returns the number of visits that may be in flight now.
    pub fn allowance(&self) -> usize {
        self.allowance
    }

    /// Takes a measurement every 10 ms or so: the lag of the latest event loop if there are
    /// several, and the number of visits in flight.
    ///
    /// Growth is full up to half the lag limit and falls to zero at the limit. Above twice the
    /// limit, each tick reduces the allowance by a tenth. An unused allowance does not grow:
    /// otherwise a slow input would accumulate it for a burst.
    pub fn tick(&mut self, now: Instant, lag: Duration, in_flight: usize) {
        let steps = self.steps(now);
        if lag > 2 * LIMIT {
            let floor = FLOOR.min(self.ceiling);
            self.allowance = (self.allowance - self.allowance / 10).max(floor);
            return;
        }
        if in_flight >= self.allowance / 2 {
            let growth = usize::try_from(growth(lag)).unwrap_or(usize::MAX);
            let grown = self.allowance.saturating_add(growth.saturating_mul(steps));
            self.allowance = grown.min(self.ceiling);
        }
    }

    /// Returns the number of whole steps since the last one counted.
    fn steps(&mut self, now: Instant) -> usize {
        let Some(last) = self.grown else {
            self.grown = Some(now);
            return 0;
        };
        let passed = now.saturating_duration_since(last).as_nanos() / STEP.as_nanos();
        if passed == 0 {
            return 0;
        }
        // The remainder counts towards the next step, unless the ticks were far apart.
        self.grown = match u32::try_from(passed) {
            Ok(steps) if passed <= MOST_STEPS => Some(last + STEP * steps),
            _ => Some(now),
        };
        usize::try_from(passed.min(MOST_STEPS)).unwrap_or(0)
    }
}

/// Returns the growth per step at this lag.
fn growth(lag: Duration) -> u128 {
    let half = LIMIT / 2;
    let left = LIMIT.saturating_sub(lag).min(half);
    u128::from(GROWTH) * left.as_nanos() / half.as_nanos()
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "simulated time needs one real moment to start from"
)]
mod tests {
    use super::*;

    const ON_TIME: Duration = Duration::from_millis(1);

    /// Ticks every 12 ms with this lag, with the whole allowance in use.
    fn run(gate: &mut Gate, now: &mut Instant, ticks: u32, lag: Duration) {
        for _ in 0..ticks {
            *now += STEP;
            gate.tick(*now, lag, gate.allowance());
        }
    }

    fn started(ceiling: usize) -> (Gate, Instant) {
        let now = Instant::now();
        let mut gate = Gate::new(ceiling);
        gate.tick(now, ON_TIME, 0);
        (gate, now)
    }

    #[test]
    fn starts_slowly_and_stops_at_the_ceiling() {
        let (mut gate, mut now) = started(2000);
        assert_eq!(gate.allowance(), 128);
        run(&mut gate, &mut now, 1, ON_TIME);
        assert_eq!(gate.allowance(), 192);
        run(&mut gate, &mut now, 9, ON_TIME);
        assert_eq!(gate.allowance(), 128 + 640);
        run(&mut gate, &mut now, 1000, ON_TIME);
        assert_eq!(gate.allowance(), 2000);
        assert_eq!(Gate::new(10).allowance(), 10);
    }

    #[test]
    fn growth_follows_the_lag() {
        for (millis, grown) in [(0, 64), (10, 64), (15, 32), (19, 6), (20, 0), (40, 0)] {
            let (mut gate, mut now) = started(2000);
            run(&mut gate, &mut now, 1, Duration::from_millis(millis));
            assert_eq!(gate.allowance(), 128 + grown, "{millis} ms");
        }
    }

    #[test]
    fn falls_while_late_but_not_below_the_floor() {
        let (mut gate, mut now) = started(10_000);
        run(&mut gate, &mut now, 100, ON_TIME);
        assert_eq!(gate.allowance(), 128 + 6400);
        run(&mut gate, &mut now, 1, Duration::from_millis(41));
        assert_eq!(gate.allowance(), 5876);
        run(&mut gate, &mut now, 100, Duration::from_secs(1));
        assert_eq!(gate.allowance(), 64);
        let (mut small, mut now) = started(10);
        run(&mut small, &mut now, 100, Duration::from_secs(1));
        assert_eq!(small.allowance(), 10);
    }

    #[test]
    fn an_unused_allowance_and_a_long_silence_save_nothing_up() {
        let (mut gate, mut now) = started(10_000);
        for _ in 0..100 {
            now += STEP;
            gate.tick(now, ON_TIME, 63);
        }
        assert_eq!(gate.allowance(), 128);
        now += Duration::from_secs(60);
        gate.tick(now, ON_TIME, 128);
        assert_eq!(gate.allowance(), 128 + 4 * 64);
    }

    #[test]
    fn ticks_shorter_than_a_step_add_up() {
        let (mut gate, mut now) = started(10_000);
        for _ in 0..12 {
            now += Duration::from_millis(10);
            gate.tick(now, ON_TIME, gate.allowance());
        }
        assert_eq!(gate.allowance(), 128 + 10 * 64);
    }
}
