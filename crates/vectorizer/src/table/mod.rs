//! A map from tokens to values that counting and looking up spend their time in: short tokens lie in
//! their slots, so that most questions touch one cache line; long ones in one arena.
//! The order of iteration is arbitrary: callers must sort.

mod key;

use std::hash::{BuildHasher, RandomState};

pub(crate) use key::{READ, Token};

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

    /// The hash of more bytes than a key takes, sixteen at a time, the last sixteen overlapping.
    fn of_bytes(self, bytes: &[u8]) -> u64 {
        let half = |at: usize| {
            let mut word = [0; 8];
            let end = bytes.len().min(at + 8);
            word[..end - at].copy_from_slice(&bytes[at..end]);
            u64::from_le_bytes(word)
        };
        let mut hash = bytes.len() as u64;
        let mut at = 0;
        while at + 16 < bytes.len() {
            hash = self.mix(half(at) ^ hash, half(at + 8) ^ hash.rotate_left(32));
            at += 16;
        }
        let at = bytes.len().saturating_sub(16);
        let last = bytes.len().saturating_sub(8);
        self.mix(half(at) ^ hash, half(last) ^ hash.rotate_left(32))
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

/// A map from non-empty tokens to values.
#[derive(Clone)]
pub(crate) struct TokenTable<V> {
    seeds: Seeds,
    /// A power of two, at least half of them free; probed one after the other.
    short: Vec<Slot<V>>,
    shorts: usize,
    /// Likewise.
    long: Vec<LongSlot<V>>,
    longs: usize,
    /// The bytes of the long tokens.
    arena: Vec<u8>,
}

const FIRST_SIZE: usize = 64;

/// How many tokens are sought at a time: their places are touched one after the other before the first
/// is used, so that the memory fetches them all at once instead of each in turn.
const BATCH: usize = 16;

/// A token and where its search begins.
#[derive(Clone, Copy)]
struct Sought<'t> {
    token: Token<'t>,
    hash: u64,
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
        let key = Key { low: 0, high: 0 };
        Slot {
            key,
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
    fn find(&self, key: Key, hash: u64) -> (usize, &Slot<V>) {
        let mask = self.short.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = &self.short[at];
            if slot.key == key || slot.key.is_empty() {
                return (at, slot);
            }
            at = (at + 1) & mask;
        }
    }

    /// Where a long token is, or the free place where it belongs.
    fn find_long(&self, bytes: &[u8], hash: u64) -> usize {
        let mask = self.long.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = &self.long[at];
            let same = || self.arena[slot.offset..slot.offset + slot.length] == *bytes;
            if slot.length == 0 || (slot.hash == hash && same()) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    #[inline(always)]
    fn hash(&self, token: Token<'_>) -> u64 {
        match token {
            Token::Short(key) => self.seeds.mix(key.low, key.high),
            Token::Long(bytes) => self.seeds.of_bytes(bytes),
        }
    }

    /// Calls `each` with all tokens in order and their hashes, having touched the places where their
    /// searches begin.
    #[inline(always)]
    fn seek<'t, T>(
        table: &mut T,
        view: impl Fn(&T) -> &Self,
        mut tokens: impl ExactSizeIterator<Item = Token<'t>>,
        mut each: impl FnMut(&mut T, Sought<'t>),
    ) {
        let nothing = Sought {
            token: Token::new(&[]),
            hash: 0,
        };
        let mut batch = [nothing; BATCH];
        while tokens.len() > 0 {
            let count = tokens.len().min(BATCH);
            let this = view(table);
            let (mask, long_mask) = (this.short.len() - 1, this.long.len() - 1);
            let mut touched = 0;
            for (sought, token) in batch[..count].iter_mut().zip(tokens.by_ref()) {
                let hash = this.hash(token);
                *sought = Sought { token, hash };
                touched ^= match token {
                    Token::Short(_) => this.short[hash as usize & mask].key.low,
                    Token::Long(_) => this.long[hash as usize & long_mask].hash,
                };
            }
            std::hint::black_box(touched);
            for &sought in &batch[..count] {
                each(table, sought);
            }
        }
    }

    #[inline(always)]
    fn found(&self, sought: Sought<'_>) -> Option<V> {
        match sought.token {
            Token::Short(key) => {
                let (_, slot) = self.find(key, sought.hash);
                (!slot.key.is_empty()).then_some(slot.value)
            }
            Token::Long(bytes) => {
                let slot = &self.long[self.find_long(bytes, sought.hash)];
                (slot.length > 0).then_some(slot.value)
            }
        }
    }

    #[inline(always)]
    fn change(&mut self, sought: Sought<'_>, change: impl FnOnce(&mut V)) {
        match sought.token {
            Token::Short(key) => {
                let (at, slot) = self.find(key, sought.hash);
                if slot.key == key {
                    // The empty token finds a free place equal to itself; its value is never read.
                    change(&mut self.short[at].value);
                } else {
                    self.insert(at, key, change);
                }
            }
            Token::Long(bytes) => self.change_long(bytes, sought.hash, change),
        }
    }

    /// The value of a token; `None` for one that is not there, and for the empty one.
    pub(crate) fn get(&self, token: Token<'_>) -> Option<V> {
        let hash = self.hash(token);
        self.found(Sought { token, hash })
    }

    /// Calls `each` with every token, in order, and its value.
    #[inline(always)]
    pub(crate) fn get_all<'t>(
        &self,
        tokens: impl ExactSizeIterator<Item = Token<'t>>,
        mut each: impl FnMut(Token<'t>, Option<V>),
    ) {
        Self::seek(
            &mut &*self,
            |this| this,
            tokens,
            |this, sought| {
                each(sought.token, this.found(sought));
            },
        );
    }

    /// Changes the value of a token, which is the default value at first. The empty token is left out.
    pub(crate) fn update(&mut self, token: Token<'_>, change: impl FnOnce(&mut V)) {
        let hash = self.hash(token);
        self.change(Sought { token, hash }, change);
    }

    /// Changes the values of all tokens, in order.
    #[inline(always)]
    pub(crate) fn update_all<'t>(
        &mut self,
        tokens: impl ExactSizeIterator<Item = Token<'t>>,
        mut change: impl FnMut(&mut V),
    ) {
        Self::seek(
            &mut &mut *self,
            |this| this,
            tokens,
            |this, sought| {
                this.change(sought, &mut change);
            },
        );
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, at: usize, key: Key, change: impl FnOnce(&mut V)) {
        let mut value = V::default();
        change(&mut value);
        self.short[at] = Slot { key, value };
        self.shorts += 1;
        if self.shorts * 2 > self.short.len() {
            let larger = vec![Self::free(); self.short.len() * 2];
            let slots = std::mem::replace(&mut self.short, larger);
            for slot in slots.into_iter().filter(|slot| !slot.key.is_empty()) {
                let hash = self.seeds.mix(slot.key.low, slot.key.high);
                let (at, _) = self.find(slot.key, hash);
                self.short[at] = slot;
            }
        }
    }

    fn change_long(&mut self, bytes: &[u8], hash: u64, change: impl FnOnce(&mut V)) {
        let at = self.find_long(bytes, hash);
        let slot = &mut self.long[at];
        change(&mut slot.value);
        if slot.length > 0 {
            return;
        }
        (slot.hash, slot.offset, slot.length) = (hash, self.arena.len(), bytes.len());
        self.arena.extend_from_slice(bytes);
        self.longs += 1;
        if self.longs * 2 > self.long.len() {
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
