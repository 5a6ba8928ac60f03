"""The scikit-learn half of the PCA benchmark.

    sklearn_pca.py make FILE ROWS DIMS          writes made-up features as .npy
    sklearn_pca.py fit FILE FACTORS REPEATS     fits PCA with two solvers and prints one JSON object
"""

import json
import sys
import time

import numpy as np


def make(path, rows, dims):
    """Correlated float32 features. The variances fall as those of an image network's do: i ** -1.15, fitted by eye to
    EfficientNet-Lite0 on 2,000 product photos, where the 128th is 0.005 of the first; the mean is about as long as the
    features are spread, as there."""
    rng = np.random.default_rng(20)
    axes, _ = np.linalg.qr(rng.standard_normal((dims, dims)))
    spread = np.arange(1, dims + 1) ** (-1.15 / 2)
    features = np.empty((rows, dims), np.float32)
    for start in range(0, rows, 1000):
        block = features[start : start + 1000]
        block[:] = rng.standard_normal(block.shape) * spread @ axes.T
    features += rng.random(dims, np.float32) * np.float32(np.sqrt(3 * np.sum(spread**2) / dims))
    np.save(path, features)


def fit(path, factors, repeats):
    """Fits with the solver that scikit-learn chooses by itself, and with the exact one for many rows."""
    from sklearn.decomposition import PCA

    features = np.load(path)
    result = {}
    for solver in ("auto", "covariance_eigh"):
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            pca = PCA(n_components=factors, svd_solver=solver, random_state=0).fit(features)
            seconds.append(time.perf_counter() - start)
        result[solver] = {"seconds": seconds, "explained_variance": pca.explained_variance_.tolist()}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        fit(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
