"""Writing a generated file: one that says the same stays as old as it is, so that what includes it is not compiled again."""
import os


def write_anew(path, text):
    if os.path.exists(path):
        with open(path, encoding="utf-8") as there:
            if there.read() == text:
                return
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
