"""What people use today: one archive and its digest, in two uploads. As much of it as touches the dataset.

    python3 script_of_today.py backup|restore BASE NAME      with HF_ENDPOINT, HF_DATASET, HF_TOKEN
"""

import hashlib, os, shutil, subprocess, sys, tarfile, tempfile

os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("HF_HOME", tempfile.mkdtemp())

from huggingface_hub import HfApi, hf_hub_download

what, base, name = sys.argv[1:4]
dataset, token = os.environ["HF_DATASET"], os.environ["HF_TOKEN"]
folder = tempfile.mkdtemp()
archive, digest = os.path.join(folder, "latest_backup.tar.gz"), os.path.join(folder, "latest_backup.sha256")


def sha256(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


if what == "backup":
    subprocess.run(["tar", "--numeric-owner", "-czf", archive, name], cwd=base, check=True, timeout=1200)
    with open(digest, "w") as file:
        file.write(sha256(archive))
    api = HfApi(token=token)
    for path in (archive, digest):
        api.upload_file(path_or_fileobj=path, path_in_repo=os.path.basename(path), repo_id=dataset, repo_type="dataset")
else:
    found = hf_hub_download(dataset, "latest_backup.tar.gz", repo_type="dataset", token=token)
    with open(hf_hub_download(dataset, "latest_backup.sha256", repo_type="dataset", token=token)) as file:
        assert file.read().strip() == sha256(found), "the digests differ"
    shutil.rmtree(os.path.join(base, name), ignore_errors=True)
    with tarfile.open(found, "r:gz") as tar:
        tar.extractall(base)
shutil.rmtree(folder)
