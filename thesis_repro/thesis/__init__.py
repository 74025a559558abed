"""What the document says, as data: claims, captions, research questions, errata, readings."""
