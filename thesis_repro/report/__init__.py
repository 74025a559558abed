"""The report: results on disk -> what is there and what is missing -> one offline page.

``collect`` reads and checks; ``page`` writes HTML, ``plain`` JSON; ``pdf`` shows pages of the PDF.
"""
