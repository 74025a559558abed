"""The library: model zoo, training, run folders, analysis, statistics, claims, errata, CLI.

Reproduces L. Papenmeier, "Semantic Representations in Variational Autoencoders as a Model of the
Visual System" (master thesis, Ruhr-Universität Bochum, 2020).
"""
