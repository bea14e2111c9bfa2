//! The specification written down slowly, step by step, and compared on random bytes.

use std::collections::BTreeMap;

use recurrent_vectorizer::VectorizerParams;

/// Lower-case, then strip, then split, each over the whole text.
fn tokens(text: &[u8]) -> Vec<Vec<u8>> {
    let lowered: Vec<u8> = text
        .iter()
        .map(|&b| {
            if (0x41..=0x5A).contains(&b) {
                b + 0x20
            } else {
                b
            }
        })
        .collect();
    let stripped: Vec<u8> = lowered
        .into_iter()
        .filter(|b| !matches!(b, 0x21..=0x2F | 0x3A..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E))
        .collect();
    stripped
        .split(|b| matches!(b, 0x09..=0x0D | 0x20))
        .filter(|token| !token.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// Count, then sort all by count and bytes, both descending, then cut.
fn vocabulary(texts: &[Vec<u8>], max_tokens: Option<usize>) -> Vec<Vec<u8>> {
    let mut counts = BTreeMap::<Vec<u8>, usize>::new();
    for token in texts.iter().flat_map(|text| tokens(text)) {
        *counts.entry(token).or_default() += 1;
    }
    let mut ranked: Vec<_> = counts
        .into_iter()
        .map(|(token, count)| (count, token))
        .collect();
    ranked.sort();
    ranked.reverse();
    let special = [b"".to_vec(), b"[UNK]".to_vec()];
    let terms = ranked.into_iter().map(|(_, token)| token);
    special
        .into_iter()
        .chain(terms)
        .take(max_tokens.unwrap_or(usize::MAX))
        .collect()
}

/// The position of each token, the padding and `[UNK]` counted.
fn ids(vocabulary: &[Vec<u8>], text: &[u8], length: Option<usize>) -> Vec<i32> {
    let known: BTreeMap<&[u8], i32> = vocabulary
        .iter()
        .map(Vec::as_slice)
        .zip(0..)
        .skip(2)
        .collect();
    let mut ids: Vec<i32> = tokens(text)
        .iter()
        .map(|token| known.get(token.as_slice()).copied().unwrap_or(1))
        .collect();
    if let Some(length) = length {
        ids.resize(length, 0);
    }
    ids
}

/// A small generator, so that the corpus is the same everywhere (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    /// Bytes from a few letters, every separator, punctuation, NUL and invalid UTF-8, or from all
    /// 256 values; with runs long enough to leave the inline keys.
    fn text(&mut self) -> Vec<u8> {
        const FEW: &[u8] = b"aAbB09 \t\n\x0B\x0C\r.-'[]_\0\x1C\x85\xA0\xC3\xA9\xFF";
        let wild = self.below(4) == 0;
        let mut text = Vec::new();
        for _ in 0..self.below(60) {
            let byte = if wild {
                u8::try_from(self.below(256)).unwrap()
            } else {
                FEW[self.below(FEW.len())]
            };
            let run = if self.below(12) == 0 {
                10 + self.below(12)
            } else {
                1
            };
            text.resize(text.len() + run, byte);
        }
        text
    }
}

#[test]
fn agrees_with_the_oracle_on_random_bytes() {
    let mut random = Random(0x5EED);
    let mut long_tokens = 0;
    for round in 0..60 {
        let texts: Vec<Vec<u8>> = (0..40).map(|_| random.text()).collect();
        long_tokens += texts
            .iter()
            .flat_map(|text| tokens(text))
            .filter(|token| token.len() > 15)
            .count();
        let max_tokens = (random.below(3) > 0).then(|| 3 + random.below(200));
        let length = (random.below(3) > 0).then(|| random.below(20));
        let params = VectorizerParams::new()
            .max_tokens(max_tokens)
            .output_sequence_length(length);
        let vectorizer = params.check().unwrap().fit(&texts).unwrap();

        let expected = vocabulary(&texts, max_tokens);
        assert!(
            vectorizer.vocabulary().tokens().eq(&expected),
            "round {round}"
        );
        let again = vectorizer.params().fit(texts.iter().rev()).unwrap();
        assert_eq!(again, vectorizer, "round {round}: reversed corpus");

        let unseen: Vec<Vec<u8>> = (0..10).map(|_| random.text()).collect();
        let asked: Vec<&Vec<u8>> = texts.iter().chain(&unseen).collect();
        let rows: Vec<Vec<i32>> = asked
            .iter()
            .map(|text| ids(&expected, text, length))
            .collect();
        let width = rows.iter().map(Vec::len).max().unwrap();
        for threads in [0, 1, 2, 7, 100] {
            let matrix = vectorizer.vectorize_batch_threads(&asked, threads);
            assert_eq!(
                (matrix.rows(), matrix.width()),
                (rows.len(), width),
                "round {round}"
            );
            for (index, row) in rows.iter().enumerate() {
                let mut padded = row.clone();
                padded.resize(width, 0);
                assert_eq!(
                    matrix.row(index).unwrap(),
                    padded,
                    "round {round}, row {index}"
                );
                assert_eq!(
                    &vectorizer.vectorize(asked[index]),
                    row,
                    "round {round}, row {index}"
                );
            }
        }
    }
    assert!(long_tokens > 500, "only {long_tokens} long tokens");
}
