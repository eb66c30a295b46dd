//! Many short queues in one allocation. An address with one parked job costs a slot, not a queue
//! with an allocation. It knows nothing about addresses or time.

/// All parked jobs.
#[derive(Debug)]
pub(super) struct Queues<J> {
    slots: Vec<Slot<J>>,
    /// First free slot. Each free slot contains the index of the next one.
    free: usize,
}

#[derive(Debug)]
enum Slot<J> {
    Parked { job: J, next: usize },
    Free { next: usize },
}

/// One queue, first in, first out. Use it only with the [`Queues`] in which it was filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    head: usize,
    tail: usize,
}

/// The index that means "no slot".
const NONE: usize = usize::MAX;

impl Queue {
    /// An empty queue.
    pub(super) const EMPTY: Self = Self {
        head: NONE,
        tail: NONE,
    };

    /// Returns true if the queue is empty.
    pub(super) fn is_empty(self) -> bool {
        self.head == NONE
    }
}

impl<J> Queues<J> {
    /// Creates the storage, without jobs.
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: NONE,
        }
    }

    /// Appends a job to a queue.
    pub(super) fn push(&mut self, queue: &mut Queue, job: J) {
        let slot = self.store(Slot::Parked { job, next: NONE });
        match self.slots.get_mut(queue.tail) {
            Some(Slot::Parked { next, .. }) => *next = slot,
            // The queue is empty, so its tail is not a slot.
            _ => queue.head = slot,
        }
        queue.tail = slot;
    }

    /// Removes and returns the oldest job of a queue, or returns `None` if it is empty.
    pub(super) fn pop(&mut self, queue: &mut Queue) -> Option<J> {
        let slot = self.slots.get_mut(queue.head)?;
        let Slot::Parked { job, next } = std::mem::replace(slot, Slot::Free { next: self.free })
        else {
            unreachable!("a queue contains only parked jobs, because slots are freed only here");
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
