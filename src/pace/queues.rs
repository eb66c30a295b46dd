//! Many short queues in one allocation: an address with one parked job costs a slot here, not a
//! queue of its own. It knows nothing of addresses or time.

/// All parked jobs.
#[derive(Debug)]
pub(super) struct Queues<J> {
    slots: Vec<Slot<J>>,
    /// The first free slot, which names the next.
    free: usize,
}

#[derive(Debug)]
enum Slot<J> {
    Parked { job: J, next: usize },
    Free { next: usize },
}

/// One queue: first in, first out. It belongs to the [`Queues`] it was used with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    head: usize,
    tail: usize,
}

/// No slot.
const NONE: usize = usize::MAX;

impl Queue {
    /// A queue with nothing in it.
    pub(super) const EMPTY: Self = Self {
        head: NONE,
        tail: NONE,
    };

    /// Whether nothing waits.
    pub(super) fn is_empty(self) -> bool {
        self.head == NONE
    }
}

impl<J> Queues<J> {
    /// Without any job.
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: NONE,
        }
    }

    /// Puts a job at the end of a queue.
    pub(super) fn push(&mut self, queue: &mut Queue, job: J) {
        let slot = self.store(Slot::Parked { job, next: NONE });
        match self.slots.get_mut(queue.tail) {
            Some(Slot::Parked { next, .. }) => *next = slot,
            // An empty queue: its tail is no slot.
            _ => queue.head = slot,
        }
        queue.tail = slot;
    }

    /// Takes the job that waited longest.
    pub(super) fn pop(&mut self, queue: &mut Queue) -> Option<J> {
        let slot = self.slots.get_mut(queue.head)?;
        let Slot::Parked { job, next } = std::mem::replace(slot, Slot::Free { next: self.free })
        else {
            unreachable!("a queue names parked jobs only: its slots are freed here alone");
        };
        self.free = queue.head;
        queue.head = next;
        if next == NONE {
            queue.tail = NONE;
        }
        Some(job)
    }

    fn store(&mut self, slot: Slot<J>) -> usize {
        let at = self.free;
        match self.slots.get_mut(at) {
            Some(place) => {
                if let Slot::Free { next } = std::mem::replace(place, slot) {
                    self.free = next;
                }
                at
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_order_and_slots_are_used_again() {
        let mut queues = Queues::new();
        let (mut a, mut b) = (Queue::EMPTY, Queue::EMPTY);
        for round in 0..100 {
            for job in 0..3 {
                queues.push(&mut a, (round, 'a', job));
                queues.push(&mut b, (round, 'b', job));
            }
            for job in 0..3 {
                assert_eq!(queues.pop(&mut b), Some((round, 'b', job)));
                assert_eq!(queues.pop(&mut a), Some((round, 'a', job)));
            }
            assert!(a.is_empty() && b.is_empty());
            assert_eq!(queues.pop(&mut a), None);
        }
        assert_eq!(queues.slots.len(), 6);
    }
}
