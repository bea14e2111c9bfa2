//! Damage to bytes of which nothing is known.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// Numbers at the edges of what fields can hold.
const EDGES: [u64; 14] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x10000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_ffff,
];

/// A place in `0..length`; 0 where there is none.
pub(crate) fn place(rng: &mut ChaCha8Rng, length: usize) -> usize {
    if length == 0 {
        0
    } else {
        rng.random_range(0..length)
    }
}

/// A number at the edge of a field.
pub(crate) fn edge(rng: &mut ChaCha8Rng) -> u64 {
    let number = EDGES[place(rng, EDGES.len())];
    // Beside the edge is as good.
    number.wrapping_add_signed(rng.random_range(-1..=1))
}

/// One to three kinds of damage in turn; says what was done.
pub(crate) fn damage(rng: &mut ChaCha8Rng, bytes: &mut Vec<u8>) -> String {
    let times = if rng.random_bool(0.7) {
        1
    } else {
        rng.random_range(2..=3)
    };
    let done: Vec<String> = (0..times).map(|_| once(rng, bytes)).collect();
    done.join(", ")
}

/// A bit, and nothing else.
pub(crate) fn flip(rng: &mut ChaCha8Rng, bytes: &mut [u8]) -> String {
    let (at, bit) = (place(rng, bytes.len()), rng.random_range(0..8));
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << bit;
    }
    format!("bit {bit} of byte {at} flipped")
}

fn once(rng: &mut ChaCha8Rng, bytes: &mut Vec<u8>) -> String {
    let length = bytes.len();
    let at = place(rng, length);
    // Mostly short; sometimes much.
    let most = if rng.random_bool(0.8) {
        16
    } else {
        length.max(1)
    };
    let span = rng.random_range(1..=most);
    let end = (at + span).min(length);
    match rng.random_range(0..10) {
        0..3 => flip(rng, bytes),
        3 => {
            let value: u8 = rng.random();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            format!("byte {at} set to {value}")
        }
        4 => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        5 => {
            bytes.drain(at..end);
            format!("{at}..{end} taken out")
        }
        6 => {
            bytes[at..end].fill(0);
            format!("{at}..{end} zeroed")
        }
        7 => {
            let copy = bytes[at..end].to_vec();
            let to = place(rng, length);
            bytes.splice(to..to, copy);
            format!("{at}..{end} again at {to}")
        }
        8 => {
            let noise: Vec<u8> = (0..span.min(64)).map(|_| rng.random()).collect();
            let shown = noise.len();
            bytes.splice(at..at, noise);
            format!("{shown} random bytes at {at}")
        }
        _ => {
            let width = [1, 2, 4, 8][place(rng, 4)];
            let value = edge(rng);
            let field = &value.to_le_bytes()[..width];
            for (byte, new) in bytes.iter_mut().skip(at).zip(field) {
                *byte = *new;
            }
            format!("{width} bytes at {at} are {value:#x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn damage_is_the_same_for_the_same_seed_and_mostly_damages() {
        let original: Vec<u8> = (0..=255).collect();
        let mut changed = 0;
        for seed in 0..500 {
            let once = |bytes: &mut Vec<u8>| damage(&mut ChaCha8Rng::seed_from_u64(seed), bytes);
            let (mut first, mut second) = (original.clone(), original.clone());
            assert_eq!(once(&mut first), once(&mut second));
            assert_eq!(first, second);
            changed += usize::from(first != original);
        }
        assert!(changed > 480, "{changed}");
    }

    #[test]
    fn nothing_can_be_damaged_as_well() {
        for seed in 0..200 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            damage(&mut rng, &mut Vec::new());
            damage(&mut rng, &mut vec![1]);
        }
    }
}
