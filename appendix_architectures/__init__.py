"""The thesis's 39 printed networks (Appendices A, D, I), one literal Keras builder per listing.

Importing the package loads nothing heavy; `appendix_architectures.registry` maps listing numbers
to builders, `appendix_architectures.listings` has the printed rows, `appendix_architectures.check`
holds the builders against them, and `appendix_architectures.summary` prints them as it does.
"""
