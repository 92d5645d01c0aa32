use super::*;
use crate::random::Random;

#[test]
fn what_is_packed_comes_out_again() {
    let moved = Moved { beats: 9, held: 70, late: 65_535, more: 12, from: Level::Dram };
    assert_eq!(moved.pack().map(Moved::unpack), Some(moved));
    assert_eq!(Moved { late: 65_536, ..moved }.pack(), None);
}

fn stream(write: bool, bytes: u64, ahead: u64) -> Access {
    Access { shape: Shape::Stream, write, occupancy: bytes / 32, bytes, count: 1, ahead }
}

#[test]
fn what_is_asked_for_ahead_is_so_much_less_late() {
    let machine = Machine::load("x280", &[]).unwrap();
    let late = |ahead| {
        let mut memory = Hierarchy::new(&machine.memory);
        Transfers::new(&machine, &memory).run(&stream(false, 64, ahead), &[1 << 20], 5000, &mut memory).late
    };
    let whole = u64::from(machine.memory.dram.latency - machine.vector.early_line);
    assert_eq!([0, 10, whole, 1000].map(late), [whole, whole - 10, 0, 0]);
}

#[test]
fn loads_past_the_l1d_read_what_scalar_code_left_there_and_leave_nothing() {
    let set = [("vector.start_level".into(), "l1d-or-l2".into())];
    let machine = Machine::load("x280", &set).unwrap();
    let mut memory = Hierarchy::new(&machine.memory);
    let mut transfers = Transfers::new(&machine, &memory);
    let mut late =
        |addr, time, memory: &mut Hierarchy| transfers.run(&stream(false, 64, 0), &[addr], time, memory).late;
    late(1 << 20, 0, &mut memory);
    let from_l2 = u64::from(machine.memory.l2.as_ref().unwrap().hit_latency - machine.vector.early_line);
    assert_eq!([1000, 2000].map(|time| late(1 << 20, time, &mut memory)), [from_l2; 2]);
    memory.scalar(1 << 20, false, 3000);
    assert_eq!(late(1 << 20, 4000, &mut memory), 0);
}

#[test]
fn a_store_that_splits_granules_takes_its_time_for_each_dirty_line() {
    let machine = Machine::load("x280", &[]).unwrap();
    let mut memory = Hierarchy::new(&machine.memory);
    let mut transfers = Transfers::new(&machine, &memory);
    let mut store = |addr, time| {
        let moved = transfers.run(&stream(true, 512, 0), &[addr], time, &mut memory);
        moved.held + moved.late + moved.more
    };
    // Eight lines from memory, and one more, neither dirty nor there.
    store(1 << 20, 0);
    assert_eq!(store(1 << 20, 5000), 16);
    assert_eq!(store((1 << 20) + 16, 9000), 17, "granules are whole");
    let line = u64::from(machine.vector.split_line);
    assert_eq!(store((1 << 20) + 1, 12_000), 9 * line);
    assert_eq!(store((1 << 20) + 1023, 15_000), line.max(17 + 2 * 4), "one line is dirty, the others are not there");
}

#[test]
fn filling_memory_goes_at_the_rate_of_writing() {
    let set = [("memory.dram.read", "16 B/cycle"), ("memory.dram.write", "2 B/cycle")];
    let machine = Machine::load("x280", &set.map(|(key, value)| (key.into(), value.into()))).unwrap();
    let mut memory = Hierarchy::new(&machine.memory);
    let mut transfers = Transfers::new(&machine, &memory);
    let (mut time, mut filled) = (0, 0);
    let mut fill_to = |end| {
        let (begin, before) = (time, filled);
        while filled < end {
            time += transfers.run(&stream(true, 512, 0), &[(1 << 30) + filled], time, &mut memory).held;
            filled += 512;
        }
        (filled - before) as f64 / (time - begin) as f64
    };
    fill_to(16 << 20);
    let rate = fill_to(24 << 20);
    assert!((1.9..2.05).contains(&rate), "{rate} bytes a cycle");
}

/// Streams, strided and indexed accesses and scalar stores in turn, from arrays that fit some of the caches.
#[test]
fn the_code_for_usual_caches_does_what_that_for_any_does() {
    for (key, value) in [
        ("memory.scattered_pages", "true"),
        ("memory.scattered_pages", "false"),
        ("vector.start_level", "l1d"),
        ("vector.start_level", "l1d-or-l2"),
    ] {
        compare_codes(&Machine::load("x280", &[(key.into(), value.into())]).unwrap());
    }
    // With numbers of ways that are no powers of two.
    compare_codes(&Machine::load("x280-blackhole", &[]).unwrap());
}

fn compare_codes(machine: &Machine) {
    let usual = Hierarchy::new(&machine.memory);
    assert!(usual.is_usual());
    let sides = [usual, Hierarchy::new(&machine.memory).unusual()];
    let mut sides = sides.map(|memory| (Transfers::new(machine, &memory), memory));
    let (mut random, mut time) = (Random(1), 0);
    let mut next = |below: u64| random.below(below as usize) as u64;
    let mut at = [0; 6];
    for _ in 0..100_000 {
        let array = next(6);
        let (size, base) = (8 << (10 + 2 * array), (array + 1) << 28);
        let bytes = 64 << next(4);
        let place = &mut at[array as usize];
        *place = if next(16) == 0 { next(size) } else { (*place + bytes) % size };
        let addr = base + (*place & if next(8) == 0 { !3 } else { !63 });
        let write = next(3) == 0;
        let ahead = next(time.min(40) + 1);
        let access =
            |shape, bytes, count| Access { shape, write, occupancy: bytes * count / 32 + 1, bytes, count, ahead };
        let (access, words) = match next(8) {
            0 => (access(Shape::Strided, 4, 16), vec![addr, 4 * next(20)]),
            1 => {
                let (count, mask) = (next(100), if next(2) == 0 { !0 } else { !7 });
                let elements = (0..count).map(|_| base + (next(size) & mask));
                (access(Shape::Indexed, 8, 1), [count].into_iter().chain(elements).collect())
            }
            _ => (access(Shape::Stream, bytes, 1), vec![addr]),
        };
        let scalar = (next(4) == 0).then(|| (base + next(size), next(2) == 0));
        let [one, other] = sides.each_mut().map(|(transfers, memory)| {
            let served = scalar.map(|(addr, write)| memory.scalar(addr, write, time));
            // As the pipe does.
            let word = if write {
                transfers.store_behind(&access, &words, time, memory)
            } else {
                let near = transfers.load_at_hand(&access, &words, time, memory);
                near.or_else(|| transfers.load_from_behind(&access, &words, time, memory))
            };
            let moved = word.map_or_else(|| transfers.run(&access, &words, time, memory), Moved::unpack);
            (served, moved)
        });
        assert_eq!(one, other, "{access:?}");
        time += next(one.1.held + 20);
    }
    let [one, other] = sides.map(|(_, memory)| memory.counts());
    assert_eq!(one, other);
    assert!(one.l1d.misses > 10_000 && one.l2.misses > 10_000 && one.l3.misses > 10_000, "{one:?}");
}
