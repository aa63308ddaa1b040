"""The wire contract, sentence by sentence: design.md, section 4, over HTTP, on both databases."""
