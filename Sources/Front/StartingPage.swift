/// What nginx shows while this program does not answer: for a moment at the start and after a crash. It is part of nginx's configuration, in single
/// quotes, so it has neither those nor `$`.
enum StartingPage {
    static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="refresh" content="2">
        <title>Starting</title>
        <style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:32rem;margin:20vh auto 0;padding:0 1rem}</style>
        </head>
        <body>
        <p>The app is starting. This page reloads by itself.</p>
        <p lang="zh-CN">应用正在启动，本页会自动刷新。</p>
        </body>
        </html>

        """
}
