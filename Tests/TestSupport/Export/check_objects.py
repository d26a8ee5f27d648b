"""Validates objects of Kubernetes by its published schemas, of several versions, strictly: an unknown field is an error.

    check_objects.py VERSION… < OBJECTS

Prints each mistake on a line of its own, and how many objects there were.
"""

import sys

import kubernetes_validate
import yaml

documents = [document for document in yaml.safe_load_all(sys.stdin) if document is not None]
for document in documents:
    name = f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"
    for version in sys.argv[1:]:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            print(f"{name} in {version}: {'.'.join(str(part) for part in error.path)}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError as error:
            print(f"{name} in {version}: {error.message}")
print(f"{len(documents)} objects")
