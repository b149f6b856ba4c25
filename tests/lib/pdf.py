"""PDFs as poppler reads them: the words, the fonts, the pages as pictures."""

import subprocess


def _run(program, pdf, *arguments):
    return subprocess.run([program, *arguments], input=pdf, capture_output=True, check=True, timeout=60)


def pages(pdf):
    """The text of each page as it is laid out. Poppler must find nothing to mend."""
    done = _run("pdftotext", pdf, "-layout", "-enc", "UTF-8", "-", "-")
    assert done.stderr == b"", done.stderr
    return done.stdout.decode("utf-8").split("\f")[:-1]


def words(page):
    """A page's text in one line: how lines were broken does not matter. Without spaces of one's own."""
    return " ".join(page.split())


def fonts(pdf):
    """(name, embedded, subset, with Unicode) of each font."""
    rows = _run("pdffonts", pdf, "-").stdout.decode("utf-8").splitlines()[2:]
    return [(row.split()[0], *row.split()[-5:-2]) for row in rows]


def picture(pdf, path, page=1):
    """One page as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_run("pdftoppm", pdf, "-png", "-r", "80", "-f", str(page), "-l", str(page), "-").stdout)
    return path
