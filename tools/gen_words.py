#!/usr/bin/env python3
"""spec/common_words.txt -> word_table.c: the words that guessers of passwords try first, folded and sorted."""
import sys
import unicodedata

source, target = sys.argv[1:3]
words = set()
for line in open(source, encoding="utf-8"):
    for word in line.partition("#")[0].split():
        folded = unicodedata.normalize("NFD", word.lower())
        plain = "".join(letter for letter in folded if not unicodedata.combining(letter)).replace("œ", "oe")
        assert plain.isascii() and plain.isalnum(), word
        if len(plain) >= 3:  # shorter ones say nothing about a password
            words.add(plain)
with open(target, "w", encoding="utf-8") as out:
    out.write('/* Generated from spec/common_words.txt. */\n#include "ports/password_words.h"\n\nconst str password_words[] = {\n')
    out.write("".join(f'    S_INIT("{word}"),\n' for word in sorted(words)))
    out.write(f"}};\nconst size_t password_word_count = {len(words)};\n")
