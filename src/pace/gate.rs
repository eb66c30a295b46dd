//! How many visits this machine can carry: learned from how late its event loop runs.
//!
//! A loop that is late sees answers late, and takes live servers for silent ones. So the number
//! in flight starts low, grows while the loop is on time, and falls while it is not. Both are
//! needed: without the slow start the opening burst is in before the first lag is measured.

use std::time::{Duration, Instant};

/// The number of visits that may be in flight.
#[derive(Clone, Debug)]
pub struct Gate {
    allowance: usize,
    ceiling: usize,
    grown: Option<Instant>,
}

/// Where it starts.
const START: usize = 128;
/// Below this it never falls: enough to keep a core busy on a network with some latency.
const FLOOR: usize = 64;
/// What it grows by, per [`STEP`], while the loop is on time.
const GROWTH: u32 = 64;
/// 64 per 12 ms gave no false timeouts in any measured run.
const STEP: Duration = Duration::from_millis(12);
/// The lag at which growth has come to a stop. Twice as much makes the allowance fall.
const LIMIT: Duration = Duration::from_millis(20);
/// Steps made up for when ticks are far apart; more would be a burst.
const MOST_STEPS: u128 = 4;

impl Gate {
    /// A gate that opens up to `ceiling` at most.
    pub fn new(ceiling: usize) -> Self {
        Self {
            allowance: START.min(ceiling),
            ceiling,
            grown: None,
        }
    }

    /// How many visits may be in flight now.
    pub fn allowance(&self) -> usize {
        self.allowance
    }

    /// Takes in a measurement: the lag of the latest loop, when there are several, and how many
    /// visits are in flight. Every 10 ms or so.
    ///
    /// Growth is full up to half the limit and falls off to nothing at the limit; beyond twice
    /// the limit a tenth is taken back with each tick. An allowance that is not used does not
    /// grow: otherwise a slow input would save up for a burst.
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

    /// Whole steps since the last one counted.
    fn steps(&mut self, now: Instant) -> usize {
        let Some(last) = self.grown else {
            self.grown = Some(now);
            return 0;
        };
        let passed = now.saturating_duration_since(last).as_nanos() / STEP.as_nanos();
        if passed == 0 {
            return 0;
        }
        // The remainder counts towards the next step, unless the ticker was away for long.
        self.grown = match u32::try_from(passed) {
            Ok(steps) if passed <= MOST_STEPS => Some(last + STEP * steps),
            _ => Some(now),
        };
        usize::try_from(passed.min(MOST_STEPS)).unwrap_or(0)
    }
}

/// Growth per step at this lag.
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

    /// Ticks every 12 ms with this lag, always full.
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
