"""YAML in which nothing may be said twice: the second of two equal keys would silently win."""
import yaml


class Once(yaml.SafeLoader):
    """A cell that is said twice is none."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"{key} is said twice{node.start_mark}")
        return super().construct_mapping(node, deep)


def load(path):
    with open(path, encoding="utf-8") as text:
        return yaml.load(text, Loader=Once)
