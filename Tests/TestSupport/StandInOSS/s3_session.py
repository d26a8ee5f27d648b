"""boto3's session with the stand-in, in its S3 dialect: every step must end as with S3 itself.

    OSS_ENDPOINT=http://127.0.0.1:PORT python3 s3_session.py
"""

import os, random, time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

random.seed(7)
steps = 0
KEYS = ["index.html", "posts/你好 世界+100%~ok(1)'!*&=;,@$[]#?:\"<>.html", "a//b c.txt", "img/图 1.png"]


def done(what):
    global steps
    steps += 1
    print(f"ok {steps} {what}")


def client(identity="test-key-id", secret="test/Secret+0123456789", token=None, region="us-east-1"):
    return boto3.client(
        "s3", endpoint_url=os.environ["OSS_ENDPOINT"], aws_access_key_id=identity, aws_secret_access_key=secret, aws_session_token=token, region_name=region,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}, request_checksum_calculation="when_required"))


def fails(code, work):
    try:
        work()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"{code} was expected")


s3 = client()
s3.create_bucket(Bucket="store")
s3.head_bucket(Bucket="store")
data = random.randbytes(70_000)
for key in KEYS:
    made = s3.put_object(Bucket="store", Key=key, Body=data, ContentType="text/html; charset=utf-8", CacheControl="no-cache", Metadata={"author": "zhang"})
    got = s3.get_object(Bucket="store", Key=key)
    assert got["Body"].read() == data and got["CacheControl"] == "no-cache" and got["Metadata"] == {"author": "zhang"} and got["ETag"] == made["ETag"]
    assert s3.head_object(Bucket="store", Key=key)["ContentLength"] == len(data)
assert s3.get_object(Bucket="store", Key=KEYS[0], Range="bytes=10-19")["Body"].read() == data[10:20]
done("objects with odd names, up and down, whole and in part")
fails("NoSuchKey", lambda: s3.get_object(Bucket="store", Key="nope"))
fails("404", lambda: s3.head_object(Bucket="store", Key="nope"))
fails("NoSuchBucket", lambda: s3.get_object(Bucket="nowhere", Key="nope"))
fails("PreconditionFailed", lambda: s3.put_object(Bucket="store", Key=KEYS[0], Body=b"x", IfNoneMatch="*"))
s3.put_object(Bucket="store", Key="fresh", Body=b"x", IfNoneMatch="*")
done("what is not there, and what is there already")
for index in range(25):
    s3.put_object(Bucket="store", Key=f"many/{index:02}/a b", Body=b"x")
names = [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="store", PaginationConfig={"PageSize": 7}) for item in page["Contents"]]
assert names == sorted([*KEYS, "fresh", *(f"many/{i:02}/a b" for i in range(25))], key=lambda k: k.encode()), names
names = [item["Key"] for page in s3.get_paginator("list_objects").paginate(Bucket="store", Prefix="many/", PaginationConfig={"PageSize": 7}) for item in page["Contents"]]
assert len(names) == 25
folders = s3.list_objects_v2(Bucket="store", Delimiter="/")
assert [p["Prefix"] for p in folders["CommonPrefixes"]] == ["a/", "img/", "many/", "posts/"] and [o["Key"] for o in folders["Contents"]] == ["fresh", "index.html"]
done("listings in pages and by folder")
s3.copy_object(Bucket="store", Key="copy", CopySource={"Bucket": "store", "Key": KEYS[1]}, MetadataDirective="REPLACE", CacheControl="max-age=60", ContentType="text/css")
assert s3.head_object(Bucket="store", Key="copy")["CacheControl"] == "max-age=60" and s3.get_object(Bucket="store", Key="copy")["Body"].read() == data
done("a copy with other headers")
upload = s3.create_multipart_upload(Bucket="store", Key="large", ContentType="video/mp4")["UploadId"]
parts = [{"PartNumber": n, "ETag": s3.upload_part(Bucket="store", Key="large", UploadId=upload, PartNumber=n, Body=data)["ETag"]} for n in (1, 2, 3)]
s3.complete_multipart_upload(Bucket="store", Key="large", UploadId=upload, MultipartUpload={"Parts": parts})
assert s3.get_object(Bucket="store", Key="large")["Body"].read() == data * 3 and s3.head_object(Bucket="store", Key="large")["ETag"].endswith('-3"')
s3.abort_multipart_upload(Bucket="store", Key="x", UploadId=s3.create_multipart_upload(Bucket="store", Key="x")["UploadId"])
done("a large object in parts")
s3.delete_objects(Bucket="store", Delete={"Objects": [{"Key": k} for k in [*KEYS, "never was"]], "Quiet": True})
s3.delete_object(Bucket="store", Key="copy")
assert {o["Key"].split("/")[0] for o in s3.list_objects_v2(Bucket="store")["Contents"]} == {"fresh", "large", "many"}
done("deletions, many at once and one")
fails("SignatureDoesNotMatch", lambda: client(secret="wrong").list_objects_v2(Bucket="store"))
fails("InvalidAccessKeyId", lambda: client("nobody").list_objects_v2(Bucket="store"))
fails("InvalidToken", lambda: client("sts-key-id", "stsSecret", "old").list_objects_v2(Bucket="store"))
client("sts-key-id", "stsSecret", "CAIStest+token/==").list_objects_v2(Bucket="store")
done("keys and tokens, right and wrong")
print(f"{steps} steps passed")
