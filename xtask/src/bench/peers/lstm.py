"""Measures PyTorch and Keras on request.

The requests and the data are those of the benchmark `lstm_throughput` of recurrent-models.
"""
import os
import sys

THREADS = int(sys.argv[2])
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(THREADS)
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np

from measuring import measure, serve

VOCABULARY, WIDTH, HEAD = 1001, 128, 64


def data(batch, steps):
    i = np.arange(batch * steps, dtype=np.int64)
    ids = (1000.0 ** ((i * 7919 % 10007) / 10007.0)).astype("int64").reshape(batch, steps)
    return ids, (np.arange(batch) % 2).astype("float32").reshape(batch, 1)


class PyTorch:
    def __init__(self):
        import torch

        torch.set_num_threads(THREADS)
        self.torch, self.version = torch, torch.__version__

    def gemm(self):
        left, right = self.torch.randn(1024, 1024), self.torch.randn(1024, 1024)
        return lambda: left @ right

    def subject(self, network, mode, batch, steps, hidden, device="cpu", compiled=False, runs=1):
        torch, nn = self.torch, self.torch.nn
        cell = {"lstm": nn.LSTM, "simple_rnn": nn.RNN, "gru": nn.GRU}[network]
        embedding, layer = nn.Embedding(VOCABULARY, WIDTH), cell(WIDTH, hidden, batch_first=True)
        head, output = nn.Linear(hidden, HEAD), nn.Linear(HEAD, 1)
        modules = [module.to(device) for module in (embedding, layer, head, output)]
        adam = torch.optim.Adam([p for m in modules for p in m.parameters()], 1e-3, fused=True)
        ids, labels = (torch.from_numpy(x).to(device) for x in data(batch, steps))

        def logits(ids):
            state = layer(embedding(ids))[1]
            state = state[0] if isinstance(state, tuple) else state
            return output(torch.relu(head(state[0])))

        def loss_of(ids, labels):
            return nn.functional.binary_cross_entropy_with_logits(logits(ids), labels)

        if compiled:
            loss_of = torch.compile(loss_of, mode="reduce-overhead")

        def train():
            loss = loss_of(ids, labels)
            adam.zero_grad()
            loss.backward()
            adam.step()

        def infer():
            with torch.inference_mode():
                logits(ids).cpu().numpy()

        run = train if mode == "train" else infer
        if device == "cpu":
            return run

        def several():
            for _ in range(runs):
                run()
            torch.cuda.synchronize()

        return several


class Keras:
    def __init__(self):
        import tensorflow as tf
        import tf_keras

        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        self.tf, self.keras, self.version = tf, tf_keras, tf_keras.__version__

    def subject(self, network, mode, batch, steps, hidden):
        keras = self.keras
        cell = {"lstm": keras.layers.LSTM, "simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU}[network]
        model = keras.Sequential(
            [
                keras.Input((steps,), dtype="int64"),
                keras.layers.Embedding(VOCABULARY, WIDTH),
                cell(hidden),
                keras.layers.Dense(HEAD, "relu"),
                keras.layers.Dense(1),
            ]
        )
        model.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
        ids, labels = data(batch, steps)
        call = self.tf.function(lambda x: model(x, training=False))
        tensor = self.tf.constant(ids)
        if mode == "train":
            step = model.make_train_function()
            several = self.tf.data.Dataset.from_tensors((ids, labels)).repeat()
            batches = iter(several)
            return lambda: step(batches)
        return lambda: call(tensor).numpy()


def main():
    peer = {"pytorch": PyTorch, "keras": Keras}[sys.argv[1]]()
    kept = {"key": None, "run": None}

    def answer(request):
        if request["subject"] == "gemm":
            key, make = "gemm", peer.gemm
        else:
            key = tuple(request[name] for name in ("network", "mode", "batch", "time", "hidden"))
            if request["subject"].startswith("pytorch"):
                key += (request.get("device", "cpu"), request["subject"] == "pytorch-graphs", request.get("runs", 1))
            make = lambda: peer.subject(*key)
        if key != kept["key"]:
            kept.update(key=key, run=make())
            kept["run"]()
            kept["run"]()
        return {"ms": measure(kept["run"], request)[0]}

    serve(peer.version, answer)


main()
