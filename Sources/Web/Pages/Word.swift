import Control

/// The fixed words of the pages, in both languages. Templates name them by their raw values, below `t`.
enum Word: String, CaseIterable, Sendable {
    case statusPage, reloads, skip, otherLanguage, logIn, logOut, token, tokenHelp, wrongToken, readOnly, readOnlyHelp
    case attention, services, jobs, backups, upcoming, lastVisits, noVisits, monitor, ownVisit, noneUpcoming, noJobs, noServices
    case since, memory, restarts, last, next, lastRuns, job, run, when, took, outcome, what, cause, attempts, attempt, exitCode, schedule
    case history, later, problem, deadline, nextLabel, file, files, log, logHidden, logEmpty, wholeLog, laterLog, lastLines, why, checks, needs, progress
    case runNow, dryRun, stop, stopNow, restart, restartNow, pause, resume, pauseAll, resumeAll, startService, restore, restoreNow, restoreHelp, confirm
    case restoreState, noBackups, damaged, up, back, process, result, allBackups, configurationMistakes, paused
    case actions, runAction, actionNotRun, output, outputIsCut, outputEmpty, download, drill

    func text(in language: Language) -> String { language == .english ? texts.english : texts.chinese }

    /// All of them by name, for templates.
    static func all(in language: Language) -> [String: String] { language == .english ? english : chinese }

    private static let english = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0.texts.english) })
    private static let chinese = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0.texts.chinese) })

    private var texts: (english: String, chinese: String) {
        switch self {
        case .statusPage: ("Status page", "状态页")
        case .reloads: ("This page reloads by itself.", "本页会自动刷新。")
        case .skip: ("Skip to content", "跳到正文")
        // In the other language, for those who can't read this one.
        case .otherLanguage: ("中文", "English")
        case .logIn: ("Log in", "登录")
        case .logOut: ("Log out", "退出登录")
        case .token: ("Token", "令牌")
        case .tokenHelp: ("The value of control.token in the configuration.", "即配置文件中 control.token 的值。")
        case .wrongToken: ("That is not the token.", "令牌不正确。")
        case .readOnly: ("Read-only", "只读")
        case .readOnlyHelp:
            (
                "No token is set, so anyone may read this page, without logs, and no one can change anything. To log in, set a secret such as SHIPKEEPER_TOKEN in the container, and write control: { token: \"${SHIPKEEPER_TOKEN}\" } in the configuration.",
                "未设置令牌：任何人都可查看本页（不含日志），但无法进行任何操作。如需登录，请在容器中设置密钥（例如 SHIPKEEPER_TOKEN），并在配置文件中写入 control: { token: \"${SHIPKEEPER_TOKEN}\" }。"
            )
        case .attention: ("Needs attention", "需要处理")
        case .services: ("Services", "服务")
        case .jobs: ("Jobs", "任务")
        case .backups: ("Backups", "备份")
        case .upcoming: ("Next 24 hours", "未来 24 小时")
        case .lastVisits: ("Last visits from outside", "最近的外部访问")
        case .noVisits: ("None since the start.", "启动以来没有访问。")
        case .monitor: ("monitor", "监控服务")
        case .ownVisit: ("Keepalive, last arrived from outside", "保活请求最近一次从外部到达")
        case .noneUpcoming: ("Nothing is scheduled.", "没有计划任务。")
        case .noJobs: ("There are no jobs.", "没有任务。")
        case .noServices: ("There are no services.", "没有服务。")
        case .since: ("for", "持续")
        case .memory: ("memory", "内存")
        case .restarts: ("restarts", "重启次数")
        case .last: ("last", "上次")
        case .next: ("next", "下次")
        case .lastRuns: ("Last runs", "最近运行")
        case .job: ("Job", "任务")
        case .run: ("Run", "运行")
        case .when: ("When", "时间")
        case .took: ("Took", "耗时")
        case .outcome: ("Outcome", "结果")
        case .what: ("What", "说明")
        case .cause: ("Cause", "触发")
        case .attempts: ("Attempts", "尝试")
        case .attempt: ("Attempt", "序号")
        case .exitCode: ("Exit code", "退出码")
        case .schedule: ("Schedule", "计划")
        case .history: ("Before", "此前")
        case .later: ("Later", "此后")
        case .problem: ("Problem", "问题")
        case .deadline: ("Deadline", "期限")
        case .nextLabel: ("Next", "下次")
        case .file: ("file", "个文件")
        case .files: ("files", "个文件")
        case .log: ("Log", "日志")
        case .logHidden: ("Logs are shown after a login.", "登录后可查看日志。")
        case .logEmpty: ("The log is empty.", "日志为空。")
        case .wholeLog: ("From the beginning", "从头查看")
        case .laterLog: ("Next part", "下一部分")
        case .lastLines: ("The end", "查看末尾")
        case .why: ("Why", "原因")
        case .checks: ("Health checks", "健康检查")
        case .needs: ("Needs", "依赖")
        case .progress: ("Progress", "进度")
        case .runNow: ("Run now", "立即运行")
        case .dryRun: ("Dry run", "试运行")
        case .stop: ("Stop…", "停止…")
        case .stopNow: ("Stop now", "确认停止")
        case .restart: ("Restart…", "重启…")
        case .restartNow: ("Restart now", "确认重启")
        case .pause: ("Pause schedule", "暂停计划")
        case .resume: ("Resume schedule", "恢复计划")
        case .pauseAll: ("Pause all schedules", "暂停所有计划")
        case .resumeAll: ("Resume all schedules", "恢复所有计划")
        case .startService: ("Start", "启动")
        case .restore: ("Restore…", "恢复…")
        case .restoreNow: ("Restore this backup", "恢复此备份")
        case .restoreHelp:
            (
                "The app is stopped, its data are backed up and replaced by this backup, and the app is started again. Type the backup's id to confirm:",
                "将停止应用，先备份当前数据，再用此备份替换，然后重新启动应用。请输入备份编号以确认："
            )
        case .confirm: ("Backup id", "备份编号")
        case .restoreState: ("Restore", "恢复")
        case .noBackups: ("There is no backup yet.", "还没有备份。")
        case .damaged: ("damaged", "已损坏")
        case .up: ("up for", "已运行")
        case .back: ("Back", "返回")
        case .process: ("process", "进程")
        case .result: ("Result", "结果")
        case .drill: ("Last restore drill that passed", "最近一次通过的恢复演练")
        case .allBackups: ("All backups", "全部备份")
        case .configurationMistakes: ("Mistakes in the configuration", "配置文件中的错误")
        case .paused: ("paused", "已暂停")
        case .actions: ("Actions", "操作")
        case .runAction: ("Run", "执行")
        case .actionNotRun: ("It has not been run yet.", "尚未执行过。")
        case .output: ("Output", "输出")
        case .outputIsCut: ("The beginning is left out.", "开头部分已省略。")
        case .download: ("Download", "下载")
        case .outputEmpty: ("It has printed nothing.", "没有输出。")
        }
    }
}
