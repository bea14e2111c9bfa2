//! A map from tokens to values that counting and looking up spend their time in: short tokens are
//! integers, long ones lie in one arena. The order of iteration depends on the order in which tokens
//! came: callers must sort.

mod key;
mod run;

use std::hash::{BuildHasher, RandomState};

pub(crate) use key::{READ, Token};
pub(crate) use run::Run;

use crate::arch::prefetch;
use key::Key;

/// Two random words, drawn once per table, so that a text cannot be written to collide. No result
/// depends on them.
#[derive(Clone, Copy)]
struct Seeds(u64, u64);

impl Seeds {
    fn draw() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0_u8), random.hash_one(1_u8))
    }

    /// Folds both halves with one wide multiplication.
    #[inline(always)]
    fn mix(self, low: u64, high: u64) -> u64 {
        let product = u128::from(low ^ self.0) * u128::from(high ^ self.1);
        product as u64 ^ (product >> 64) as u64
    }

    #[inline(always)]
    fn of_key(self, key: Key) -> u64 {
        self.mix(key.low, key.high)
    }

    /// The hash of more bytes than a key takes, sixteen at a time, the last sixteen overlapping.
    #[inline]
    fn of_bytes(self, bytes: &[u8]) -> u64 {
        let mut hash = bytes.len() as u64;
        let mut fold = |chunk: [u8; READ]| {
            let bits = u128::from_le_bytes(chunk);
            hash = self.mix(
                bits as u64 ^ hash,
                (bits >> 64) as u64 ^ hash.rotate_left(32),
            );
        };
        bytes.as_chunks().0.iter().for_each(|&chunk| fold(chunk));
        if let Some(&last) = bytes.last_chunk() {
            fold(last);
        }
        hash
    }
}

/// A place for a short token; free while its key is the empty token.
#[derive(Clone, Copy)]
struct Slot<V> {
    key: Key,
    value: V,
}

/// A place for a long token; free while its length is zero.
#[derive(Clone, Copy)]
struct LongSlot<V> {
    hash: u64,
    offset: usize,
    length: usize,
    value: V,
}

/// A map from non-empty tokens to values. A free place has the default value.
#[derive(Clone)]
pub(crate) struct TokenTable<V> {
    seeds: Seeds,
    /// A power of two, some of them free; probed one after the other.
    short: Vec<Slot<V>>,
    shorts: usize,
    /// Likewise.
    long: Vec<LongSlot<V>>,
    longs: usize,
    /// The bytes of the long tokens.
    arena: Vec<u8>,
}

const FIRST_SIZE: usize = 64;

/// Bytes of a table that no near cache holds: there it pays to ask for the memory ahead.
const LARGE: usize = 8 << 20;

/// For how many tokens memory is asked for at a time.
const AHEAD: usize = 32;

/// Bytes of a table that the nearest caches hold.
const SMALL: usize = 1 << 17;

/// Whether a table of slots like these must grow. The more is free, the shorter the search; the less, the
/// more of a large table is in the cache.
fn is_full<S>(used: usize, slots: &[S]) -> bool {
    let eighths = if size_of_val(slots) < SMALL { 2 } else { 5 };
    used * 8 > slots.len() * eighths
}

impl<V: Copy + Default> TokenTable<V> {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self {
            seeds: Seeds::draw(),
            short: vec![Self::free(); FIRST_SIZE],
            shorts: 0,
            long: vec![Self::free_long(); FIRST_SIZE],
            longs: 0,
            arena: Vec::new(),
        }
    }

    fn free() -> Slot<V> {
        Slot {
            key: Key::default(),
            value: V::default(),
        }
    }

    fn free_long() -> LongSlot<V> {
        LongSlot {
            hash: 0,
            offset: 0,
            length: 0,
            value: V::default(),
        }
    }

    /// Where a short token is, or the free place where it belongs.
    #[inline(always)]
    fn find(&self, key: Key) -> usize {
        let mask = self.short.len() - 1;
        let mut at = self.seeds.of_key(key) as usize & mask;
        loop {
            let slot = &self.short[at];
            if slot.key == key || slot.key.is_empty() {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    /// Where a long token is, or the free place where it belongs; and its hash.
    fn find_long(&self, bytes: &[u8]) -> (usize, u64) {
        let mask = self.long.len() - 1;
        let hash = self.seeds.of_bytes(bytes);
        let mut at = hash as usize & mask;
        loop {
            let slot = &self.long[at];
            let same = || self.arena[slot.offset..slot.offset + slot.length] == *bytes;
            if slot.length == 0 || (slot.hash == hash && same()) {
                return (at, hash);
            }
            at = (at + 1) & mask;
        }
    }

    /// The value of a token; `None` for one that is not there, and for the empty one.
    pub(crate) fn get(&self, token: Token<'_>) -> Option<V> {
        match token {
            Token::Short(key) => {
                let slot = &self.short[self.find(key)];
                (!slot.key.is_empty()).then_some(slot.value)
            }
            Token::Long(bytes) => {
                let slot = &self.long[self.find_long(bytes).0];
                (slot.length > 0).then_some(slot.value)
            }
        }
    }

    /// Changes the value of a token, which is the default value at first. The empty token is left out.
    pub(crate) fn update(&mut self, token: Token<'_>, change: impl FnOnce(&mut V)) {
        match token {
            Token::Short(key) if key.is_empty() => {}
            Token::Short(key) => self.change(key, change),
            Token::Long(bytes) => self.change_long(bytes, change),
        }
    }

    /// Calls `each` with the value of every token, in order, the default value for one that is not
    /// there; and with whether it is the empty token.
    #[inline(always)]
    pub(crate) fn get_all(&self, tokens: Run<'_>, mut each: impl FnMut(V, bool)) {
        for (start, end) in tokens.ranges() {
            match tokens.key(start, end) {
                Some(key) => each(self.short[self.find(key)].value, false),
                None => {
                    let (at, _) = self.find_long(tokens.slice(start, end));
                    each(self.long[at].value, start == end);
                }
            }
        }
    }

    /// Changes the values of all tokens, in order; the empty token is left out.
    #[inline(always)]
    pub(crate) fn update_all(&mut self, tokens: Run<'_>, mut change: impl FnMut(&mut V)) {
        if size_of_val(&*self.short) < LARGE {
            return self.update_some(tokens, &mut change);
        }
        let mut rest = tokens;
        while rest.len() > 0 {
            let some = rest.take(AHEAD);
            self.fetch(some);
            self.update_some(some, &mut change);
            rest = rest.skip(AHEAD);
        }
    }

    #[inline(always)]
    fn update_some(&mut self, tokens: Run<'_>, change: &mut impl FnMut(&mut V)) {
        for (start, end) in tokens.ranges() {
            match tokens.key(start, end) {
                Some(key) => self.change(key, &mut *change),
                None if start == end => {}
                None => self.change_long(tokens.slice(start, end), &mut *change),
            }
        }
    }

    /// Takes over the tokens of another table, adding their values to those here.
    pub(crate) fn merge(&mut self, other: &Self, add: impl Fn(&mut V, V)) {
        for slots in other.short.chunks(AHEAD) {
            let present = || slots.iter().filter(|slot| !slot.key.is_empty());
            let mask = self.short.len() - 1;
            for slot in present() {
                prefetch(&self.short, self.seeds.of_key(slot.key) as usize & mask);
            }
            for slot in present() {
                self.change(slot.key, |value| add(value, slot.value));
            }
        }
        for slot in other.long.iter().filter(|slot| slot.length > 0) {
            let bytes = &other.arena[slot.offset..slot.offset + slot.length];
            self.change_long(bytes, |value| add(value, slot.value));
        }
    }

    /// Asks for the memory of these tokens all at once.
    #[inline(never)]
    fn fetch(&self, tokens: Run<'_>) {
        let mask = self.short.len() - 1;
        for (start, end) in tokens.ranges() {
            if let Some(key) = tokens.key(start, end) {
                prefetch(&self.short, self.seeds.of_key(key) as usize & mask);
            } else {
                let hash = self.seeds.of_bytes(tokens.slice(start, end));
                prefetch(&self.long, hash as usize & (self.long.len() - 1));
            }
        }
    }

    /// Changes the value of a short token that is not the empty one.
    #[inline(always)]
    fn change(&mut self, key: Key, change: impl FnOnce(&mut V)) {
        let at = self.find(key);
        let slot = &mut self.short[at];
        if slot.key == key {
            change(&mut slot.value);
        } else {
            self.insert(at, key, change);
        }
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, at: usize, key: Key, change: impl FnOnce(&mut V)) {
        let mut value = V::default();
        change(&mut value);
        self.short[at] = Slot { key, value };
        self.shorts += 1;
        if is_full(self.shorts, &self.short) {
            let larger = vec![Self::free(); self.short.len() * 2];
            let slots = std::mem::replace(&mut self.short, larger);
            for slot in slots.into_iter().filter(|slot| !slot.key.is_empty()) {
                let at = self.find(slot.key);
                self.short[at] = slot;
            }
        }
    }

    #[inline(never)]
    fn change_long(&mut self, bytes: &[u8], change: impl FnOnce(&mut V)) {
        let (at, hash) = self.find_long(bytes);
        let slot = &mut self.long[at];
        change(&mut slot.value);
        if slot.length > 0 {
            return;
        }
        (slot.hash, slot.offset, slot.length) = (hash, self.arena.len(), bytes.len());
        self.arena.extend_from_slice(bytes);
        self.longs += 1;
        if is_full(self.longs, &self.long) {
            let mask = self.long.len() * 2 - 1;
            let slots = std::mem::replace(&mut self.long, vec![Self::free_long(); mask + 1]);
            for slot in slots.into_iter().filter(|slot| slot.length > 0) {
                let mut at = slot.hash as usize & mask;
                while self.long[at].length > 0 {
                    at = (at + 1) & mask;
                }
                self.long[at] = slot;
            }
        }
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.shorts + self.longs
    }

    /// All tokens and values, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Token<'_>, V)> {
        let short = self.short.iter().filter(|slot| !slot.key.is_empty());
        let long = self.long.iter().filter(|slot| slot.length > 0);
        short
            .map(|slot| (Token::Short(slot.key), slot.value))
            .chain(long.map(|slot| {
                let bytes = &self.arena[slot.offset..slot.offset + slot.length];
                (Token::Long(bytes), slot.value)
            }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn agrees_with_a_hash_map() {
        let mut state = 7_u64;
        let mut below = |limit: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        let mut table = TokenTable::<u64>::new();
        let mut map = HashMap::<Vec<u8>, u64>::new();
        for _ in 0..60_000 {
            let length = 1 + below(40) as usize;
            let letters = 1 + below(3);
            let token: Vec<u8> = (0..length)
                .map(|_| b"\0ab"[below(letters) as usize])
                .collect();
            table.update(Token::new(&token), |count| *count += 1);
            *map.entry(token).or_default() += 1;
        }
        assert!(map.len() > 10_000);
        assert_eq!((table.len(), table.iter().count()), (map.len(), map.len()));
        for (token, count) in &map {
            assert_eq!(table.get(Token::new(token)), Some(*count));
        }
        for (token, count) in table.iter() {
            let mut bytes = Vec::new();
            token.write_to(&mut bytes);
            assert_eq!(map.get(&bytes), Some(&count));
        }
        for absent in [&b""[..], b"c", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0c"] {
            assert_eq!(table.get(Token::new(absent)), None);
        }
    }

    #[test]
    fn the_empty_token_is_never_there() {
        let mut table = TokenTable::<u64>::new();
        table.update(Token::new(b""), |count| *count += 1);
        assert_eq!((table.len(), table.iter().count()), (0, 0));
        assert_eq!(table.get(Token::new(b"")), None);
    }
}
