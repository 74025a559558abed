"""The thesis's 39 printed networks (Appendices A, D, I), one literal Keras builder per listing.

Importing the package loads nothing heavy; `appendix_architectures.registry` maps listing numbers
to builders, `appendix_architectures.check` holds them against the printed rows, and
`appendix_architectures.summary` prints a model as the thesis does.
"""
