"""The official clients' session with the stand-in for OSS: every step must end as with the service itself.

    OSS_ENDPOINT=http://127.0.0.1:PORT python3 official_session.py
"""

import base64, datetime, hashlib, json, os, random, urllib.request

import alibabacloud_oss_v2 as oss
import oss2

endpoint, region = os.environ["OSS_ENDPOINT"], "cn-wuhan-lr"
random.seed(7)
steps = 0
KEYS = ["index.html", "posts/你好 世界+100%~ok(1)'!*&=;,@$[]#?:\"<>.html", "a//b c.txt", "img/图 1.png", "with\ttab.txt"]


def done(what):
    global steps
    steps += 1
    print(f"ok {steps} {what}")


def stub(what, value):
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_stub/{what}", json.dumps(value).encode(), method="POST")).read()


def client(identity="test-key-id", secret="test/Secret+0123456789", token=None, **more):
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(identity, secret, token)
    config.region, config.endpoint, config.retry_max_attempts = more.pop("region", region), endpoint, 1
    return oss.Client(config)


def fails(code, work):
    try:
        work()
    except oss.exceptions.OperationError as error:
        found = error.unwrap()
        assert found.code == code, found.code
        return
    raise AssertionError(f"{code} was expected")


new = client()
new.put_bucket(oss.PutBucketRequest(bucket="example-blog"))
data = random.randbytes(70_000)
for key in KEYS:
    made = new.put_object(oss.PutObjectRequest(
        bucket="example-blog", key=key, body=data, content_type="text/html; charset=utf-8", cache_control="no-cache", metadata={"Author": "zhang san"},
        content_md5=base64.b64encode(hashlib.md5(data).digest()).decode()))
    assert made.etag.strip('"') == hashlib.md5(data).hexdigest().upper()
    got = new.get_object(oss.GetObjectRequest(bucket="example-blog", key=key))
    assert got.body.read() == data and got.cache_control == "no-cache" and got.metadata["author"] == "zhang san"
done("objects with odd names, up and down, checked by CRC-64")
head = new.head_object(oss.HeadObjectRequest(bucket="example-blog", key=KEYS[0]))
assert head.content_length == len(data) and head.content_type == "text/html; charset=utf-8"
assert new.get_object_meta(oss.GetObjectMetaRequest(bucket="example-blog", key=KEYS[0])).content_length == len(data)
fails("NoSuchKey", lambda: new.head_object(oss.HeadObjectRequest(bucket="example-blog", key="nope")))
fails("NoSuchKey", lambda: new.get_object(oss.GetObjectRequest(bucket="example-blog", key="nope")))
fails("NoSuchBucket", lambda: new.get_object(oss.GetObjectRequest(bucket="nowhere", key="nope")))
done("head, meta, what is not there")
for index in range(25):
    new.put_object(oss.PutObjectRequest(bucket="example-blog", key=f"many/{index:03}", body=b"x"))
found = [o.key for page in new.list_objects_v2_paginator(limit=7).iter_page(oss.ListObjectsV2Request(bucket="example-blog", encoding_type="url")) for o in page.contents or []]
assert found == sorted(KEYS + [f"many/{i:03}" for i in range(25)], key=lambda k: k.encode()), found
done("a listing page by page")
new.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(
    bucket="example-blog", encoding_type="url", objects=[oss.DeleteObject(key=f"many/{i:03}") for i in range(25)] + [oss.DeleteObject(key=KEYS[1])]))
new.delete_object(oss.DeleteObjectRequest(bucket="example-blog", key="a//b c.txt"))
left = [o.key for o in new.list_objects_v2(oss.ListObjectsV2Request(bucket="example-blog")).contents]
assert KEYS[1] not in left and "index.html" in left and len(left) == 3, left
done("many deleted at once, one by itself")
large = random.randbytes(3_000_000)
begun = new.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket="example-blog", key="large.bin", content_type="video/mp4"))
parts = []
for number in range(1, 4):
    sent = new.upload_part(oss.UploadPartRequest(
        bucket="example-blog", key="large.bin", upload_id=begun.upload_id, part_number=number, body=large[(number - 1) * 1_000_000:number * 1_000_000]))
    parts.append(oss.UploadPart(part_number=number, etag=sent.etag))
new.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
    bucket="example-blog", key="large.bin", upload_id=begun.upload_id, complete_multipart_upload=oss.CompleteMultipartUpload(parts=parts)))
assert new.get_object(oss.GetObjectRequest(bucket="example-blog", key="large.bin")).body.read() == large
done("multipart")
signed = new.presign(oss.GetObjectRequest(bucket="example-blog", key="img/图 1.png"), expires=datetime.timedelta(seconds=60))
assert urllib.request.urlopen(signed.url).read() == data
done("an address that is signed")
new.put_bucket_website(oss.PutBucketWebsiteRequest(bucket="example-blog", website_configuration=oss.WebsiteConfiguration(
    index_document=oss.IndexDocument(suffix="index.html", support_sub_dir=True), error_document=oss.ErrorDocument(key="404.html", http_status=404))))
assert new.get_bucket_website(oss.GetBucketWebsiteRequest(bucket="example-blog")).website_configuration.index_document.suffix == "index.html"
done("the settings of a website")
fails("SignatureDoesNotMatch", lambda: client(secret="wrong").get_object(oss.GetObjectRequest(bucket="example-blog", key="index.html")))
fails("InvalidAccessKeyId", lambda: client(identity="nobody").get_object(oss.GetObjectRequest(bucket="example-blog", key="index.html")))
fails("InvalidArgument", lambda: client(region="cn-hangzhou").get_object(oss.GetObjectRequest(bucket="example-blog", key="index.html")))
assert client("sts-key-id", "stsSecret", "CAIStest+token/==").get_object(oss.GetObjectRequest(bucket="example-blog", key="index.html")).body.read() == data
fails("InvalidSecurityToken", lambda: client("sts-key-id", "stsSecret", "old").get_object(oss.GetObjectRequest(bucket="example-blog", key="index.html")))
stub("config", {"clock_ahead": 1200})
fails("RequestTimeTooSkewed", lambda: new.get_object(oss.GetObjectRequest(bucket="example-blog", key="index.html")))
stub("config", {"clock_ahead": 0})
done("wrong secret, key, region, token and clock")

old = oss2.Bucket(oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider("test-key-id", "test/Secret+0123456789")), endpoint, "example-blog", region=region)
for key in KEYS:
    old.put_object(key, data, headers={"Content-Type": "text/plain", "Cache-Control": "max-age=1"})
    assert old.get_object(key).read() == data
assert {o.key for o in oss2.ObjectIteratorV2(old, max_keys=2)} >= set(KEYS)
old.batch_delete_objects([KEYS[1], KEYS[2]])
assert not old.object_exists(KEYS[1]) and old.object_exists(KEYS[0])
upload = old.init_multipart_upload("old.bin").upload_id
part = old.upload_part("old.bin", upload, 1, large)
old.complete_multipart_upload("old.bin", upload, [oss2.models.PartInfo(1, part.etag)])
assert old.get_object("old.bin").read() == large
old.put_object("index.html", b"<h1>hello</h1>")
done("the older client")
assert urllib.request.urlopen(f"{endpoint}/example-blog/").read() == b"<h1>hello</h1>"
done("a visitor")
print(f"alibabacloud-oss-v2 {oss.__version__}, oss2 {oss2.__version__}: all {steps} steps passed")
