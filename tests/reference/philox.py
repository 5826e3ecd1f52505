"""The named Philox4x32-10 streams of methods/tensor/random.ts, in numpy."""

import hashlib
import json

import numpy as np

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = 0x9E3779B9, 0xBB67AE85
MASK, SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)

CENTRE = (
    [2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608],
    [5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0],
)
MIDDLE = (
    [7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734],
    [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0],
)
TAIL = (
    [2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772],
    [2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0],
)


def philox(counter, key):
    """counter: uint64 array [n, 4] of 32-bit words; key: two ints. Returns uint32 [n, 4]."""
    c0, c1, c2, c3 = (counter[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(10):
        p0, p1 = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (
            (p1 >> SHIFT) ^ c1 ^ np.uint64(k0), p1 & MASK, (p0 >> SHIFT) ^ c3 ^ np.uint64(k1), p0 & MASK)
        k0, k1 = (k0 + W0) & 0xFFFFFFFF, (k1 + W1) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], 1).astype(np.uint32)


def quantile(p):
    p = np.asarray(p, np.float64)
    q = p - 0.5
    x = 0.180625 - q * q
    centre = q * np.polyval(CENTRE[0], x) / np.polyval(CENTRE[1], x)
    r = np.sqrt(-np.log(np.where(q < 0, p, 1 - p)))
    middle = np.polyval(MIDDLE[0], r - 1.6) / np.polyval(MIDDLE[1], r - 1.6)
    tail = np.polyval(TAIL[0], r - 5) / np.polyval(TAIL[1], r - 5)
    return np.where(np.abs(q) <= 0.425, centre, np.sign(q) * np.where(r <= 5, middle, tail))


class Stream:
    def __init__(self, *name):
        self.name = name
        text = json.dumps(list(name), separators=(",", ":"), ensure_ascii=False)
        self.words_ = np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], "<u4")
        self.position = 0

    def child(self, *name):
        return Stream(*self.name, *name)

    def words(self, n):
        first, last = self.position // 4, (self.position + n + 3) // 4
        counter = np.zeros((last - first, 4), np.uint64)
        counter[:, 0] = np.arange(first, last)
        counter[:, 2], counter[:, 3] = self.words_[2], self.words_[3]
        out = philox(counter, (int(self.words_[0]), int(self.words_[1]))).ravel()
        start = self.position - 4 * first
        self.position += n
        return out[start:start + n]

    def uniform(self, shape):
        return ((self.words(int(np.prod(shape))) >> 8) / 16777216).astype(np.float32).reshape(shape)

    def doubles(self, n):
        """n numbers in [0, 1) of 53 bits: two words each."""
        pairs = self.words(2 * n).astype(np.uint64).reshape(n, 2)
        return ((pairs[:, 0] >> np.uint64(5)) * 67108864.0 + (pairs[:, 1] >> np.uint64(6))) / 2.0**53

    def uniform64(self, shape):
        return self.doubles(int(np.prod(shape))).reshape(shape)

    def normal64(self, shape, std=1.0):
        u = np.minimum(self.doubles(int(np.prod(shape))) * 2.0**53 + 0.5, 2.0**53 - 1) / 2.0**53
        return std * quantile(u).reshape(shape)

    def categorical(self, weights, shape):
        cumulative = np.cumsum(np.asarray(weights, np.float64))
        place = self.doubles(int(np.prod(shape))) * cumulative[-1]
        return np.searchsorted(cumulative, place, side="right").astype(np.int32).reshape(shape)

    def choice(self, n, count=1, replace=False):
        if replace:
            return self.integers(0, n, [count])
        order = np.arange(n, dtype=np.int32)
        for i in range(count):
            j = int(self.integers(i, n, [1])[0]) if i < n - 1 else i
            order[i], order[j] = order[j], order[i]
        return order[:count]

    def normal(self, shape, std=1.0):
        u = (self.words(int(np.prod(shape))) + 0.5) / 4294967296
        return (std * quantile(u)).astype(np.float32).reshape(shape)

    def truncated_normal(self, shape, std=1.0, bound=2.0):
        low, high = 0.0, 0.5
        while True:
            middle = (low + high) / 2
            if middle in (low, high):
                break
            if -quantile(middle) > bound:
                low = middle
            else:
                high = middle
        u = (self.words(int(np.prod(shape))) + 0.5) / 4294967296
        return (std * quantile(high + (1 - 2 * high) * u)).astype(np.float32).reshape(shape)

    def bernoulli(self, p, shape):
        return (self.words(int(np.prod(shape))) < round(p * 2**32)).reshape(shape)

    def dropout_mask(self, rate, shape):
        count, kept = int(np.prod(shape)), max(1, round((1 - rate) * 65536))
        halves = self.words((count + 1) // 2).view(np.uint16)[:count]
        return ((halves < kept) * (65536 / kept)).astype(np.float32).reshape(shape)

    def integers(self, low, high, shape):
        span, count = high - low, int(np.prod(shape))
        limit = 2**32 - 2**32 % span
        out, used = np.zeros(0, np.uint32), 0
        while used < count:
            words = self.words(count - used)
            out = np.concatenate([out, words[words < limit]])
            used = len(out)
        return (low + (out % span).astype(np.int64)).astype(np.int32).reshape(shape)


if __name__ == "__main__":
    s = Stream(7, "tests", "é", 3)
    print(s.words(5).tolist())
    print(s.normal([3]).tolist(), s.truncated_normal([3]).tolist(), s.uniform([2]).tolist())
    print(s.integers(-3, 4, [6]).tolist(), s.bernoulli(0.3, [8]).astype(int).tolist())
    print((s.dropout_mask(0.5, [7]) / 2).astype(int).tolist())
    print(s.categorical([0.5, 0, 2, 1], [8]).tolist(), s.choice(9, 4).tolist(), s.choice(3, 6, True).tolist())
    print(s.uniform64([2]).tolist(), s.normal64([2]).tolist())
    print(quantile([1e-300, 1e-12, 0.01, 0.3, 0.975]).tolist())
