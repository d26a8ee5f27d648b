"""Official clients against the stand-in: Slack's own, and Python's smtplib for the mail server.

    python3 official_session.py FOLDER     the folder of a stand-in that runs; ends with 0 where all went as it does with the services
"""

import smtplib, ssl, sys
from email.message import EmailMessage

from slack_sdk.webhook import WebhookClient

folder = sys.argv[1]
port, smtp = (open(f"{folder}/{name}").read() for name in ("port", "smtp"))
answer = WebhookClient(f"http://127.0.0.1:{port}/slack/slack-token").send(text="by the official client")
assert (answer.status_code, answer.body) == (200, "ok"), answer.body
answer = WebhookClient(f"http://127.0.0.1:{port}/slack/other").send(text="x")
assert (answer.status_code, answer.body) == (404, "no_service"), answer.body

mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = "me@example.com", "you@example.com", "by smtplib"
mail.set_content("text")
with smtplib.SMTP("127.0.0.1", int(smtp)) as client:
    client.starttls(context=ssl.create_default_context(cafile=f"{folder}/ca.pem"))
    try:
        client.login("me@example.com", "wrong")
        raise SystemExit("a wrong password was taken")
    except smtplib.SMTPAuthenticationError:
        pass
    client.login("me@example.com", "mail-password")
    client.send_message(mail)
