"""Official files of the data sets -> verified TFRecords with a manifest; stand-ins for two.

`prepare` writes, verifies and lists prepared folders; `reading` is the small interface through
which the rest of the package gets arrays. Nothing heavy is imported here.
"""
