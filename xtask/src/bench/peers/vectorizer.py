"""Measures other vectorizers on request: NAME THREADS FILE.

The file holds the texts, before each its length in four bytes, the lowest first. Each peer has the
texts in memory in the form that it likes best before its time is taken. Where a peer can be told to,
it makes the same tokens as Keras: lower case, no punctuation, split at white space.
"""
import os
import sys

NAME, THREADS, FILE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.environ["POLARS_MAX_THREADS"] = os.environ["RAYON_NUM_THREADS"] = str(THREADS)
os.environ["TOKENIZERS_PARALLELISM"] = "true" if THREADS > 1 else "false"
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from measuring import measure, serve

# Of each work, the size of the vocabulary, and after how many ids a text is cut.
WORKS = {"fit": (20_000, None), "fit_bigrams": (20_000, None), "transform": (1000, 100), "transform_whole": (20_000, None)}
PUNCTUATION = r"[!-/:-@\[-`{-~]"


class Keras:
    def __init__(self):
        import tensorflow as tf
        import tf_keras

        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        self.tf, self.layer, self.version = tf, tf_keras.layers.TextVectorization, tf_keras.__version__

    def load(self, texts):
        return self.tf.constant(texts)

    def fit(self, data, terms, length, bigrams):
        other = {"ngrams": 2, "output_mode": "tf_idf"} if bigrams else {"ragged": length is None}
        layer = self.layer(max_tokens=terms, output_sequence_length=length, **other)
        layer.adapt(self.tf.data.Dataset.from_tensor_slices(data).batch(128))
        return layer

    def learned(self, layer):
        return layer.get_vocabulary(include_special_tokens=False)

    def transform(self, layer, data):
        return layer(data)

    def count(self, ids):
        return int(self.tf.math.count_nonzero(getattr(ids, "flat_values", ids)))


class ScikitLearn:
    """By its own rules: words of two letters and more, ids only as columns of a sparse matrix."""

    def __init__(self):
        import sklearn
        from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

        self.counts, self.tfidf, self.version = CountVectorizer, TfidfVectorizer, sklearn.__version__

    def load(self, texts):
        return texts

    def fit(self, data, terms, length, bigrams):
        if bigrams:
            return self.tfidf(ngram_range=(1, 2), max_features=terms).fit(data)
        return self.counts(max_features=terms).fit(data)

    def learned(self, vectorizer):
        # It forgets which words were the most frequent.
        return sorted(vectorizer.vocabulary_)

    def transform(self, vectorizer, data):
        return vectorizer.transform(data)

    def count(self, matrix):
        return int(matrix.nnz)


class Tokenizers:
    def __init__(self):
        import tokenizers

        self.lib, self.version = tokenizers, tokenizers.__version__

    def load(self, texts):
        return texts

    def fit(self, data, terms, length, bigrams):
        lib = self.lib
        lower, strip = lib.normalizers.Lowercase(), lib.normalizers.Replace(lib.Regex(PUNCTUATION), "")
        tokenizer = lib.Tokenizer(lib.models.WordLevel(unk_token="[UNK]"))
        tokenizer.normalizer = lib.normalizers.Sequence([lower, strip])
        tokenizer.pre_tokenizer = lib.pre_tokenizers.WhitespaceSplit()
        special = ["", "[UNK]"]
        trainer = lib.trainers.WordLevelTrainer(vocab_size=terms, special_tokens=special, show_progress=False)
        tokenizer.train_from_iterator((data[i : i + 1000] for i in range(0, len(data), 1000)), trainer)
        if length:
            tokenizer.enable_truncation(length)
        return tokenizer

    def learned(self, tokenizer):
        words = tokenizer.get_vocab()
        return sorted(words, key=words.get)[2:]

    def transform(self, tokenizer, data):
        return tokenizer.encode_batch(data)

    def count(self, encodings):
        return sum(len(encoding) for encoding in encodings)


class Polars:
    def __init__(self):
        import polars as pl

        self.pl, self.version = pl, pl.__version__

    def load(self, texts):
        return self.pl.DataFrame({"text": texts}).lazy()

    def tokens(self):
        clean = self.pl.col("text").str.to_lowercase().str.replace_all(PUNCTUATION, "")
        return clean.str.split(" ").alias("token")

    def fit(self, data, terms, length, bigrams):
        pl = self.pl
        tokens = data.select(self.tokens()).explode("token").filter(pl.col("token") != "")
        ranked = tokens.group_by("token").len().sort("len", "token", descending=True)
        return ranked.head(terms - 2).collect(engine="streaming")["token"].to_list(), length

    def learned(self, fitted):
        return fitted[0]

    def transform(self, fitted, data):
        (words, length), pl, token = fitted, self.pl, self.pl.element()
        known = pl.Enum(["", "[UNK]", *words])
        kept = token.filter(token != "")
        kept = kept.head(length) if length else kept
        ids = kept.cast(known, strict=False).to_physical().fill_null(1)
        return data.select(self.tokens().list.eval(ids)).collect(engine="streaming")

    def count(self, ids):
        return int(ids["token"].list.len().sum())


def read():
    with open(FILE, "rb") as file:
        data = file.read()
    texts, at = [], 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        texts.append(data[at + 4 : end].decode())
        at = end
    return texts


def main():
    peer = {"keras": Keras, "scikit-learn": ScikitLearn, "tokenizers": Tokenizers, "polars": Polars}[NAME]()
    texts, loaded, fitted = read(), {}, {}

    def answer(request):
        every, work = request["every"], request["work"]
        if every not in loaded:
            part = texts[::every]
            loaded[every] = peer.load(part), sum(len(text.encode()) for text in part)
        data, size = loaded[every]
        if work == "load":
            return {"ms": [], "bytes": size}
        terms, length = WORKS[work]
        if work.startswith("transform"):
            key = every, work
            if key not in fitted:
                fitted[key] = peer.fit(data, terms, length, False)
            ms, result = measure(lambda: peer.transform(fitted[key], data), request)
            summary = lambda: {"words": [], "count": peer.count(result)}
        else:
            ms, result = measure(lambda: peer.fit(data, terms, length, work == "fit_bigrams"), request)
            words = peer.learned(result) if request["summary"] else []
            summary = lambda: {"words": list(map(str, words[:10])), "count": len(words)}
        return {"ms": ms, "bytes": size, **(summary() if request["summary"] else {})}

    serve(peer.version, answer)


main()
