import Control
import Foundation
import JobKit
import Settings
import TimeZones

/// A situation in words: how things are, and what to do.
struct SituationWords {
    private let situation: Situation
    private let language: Language
    private let now: Date

    init(_ situation: Situation, _ language: Language, now: Date) {
        self.situation = situation
        self.language = language
        self.now = now
    }

    private func say(_ english: String, _ chinese: String) -> String { language.say(english, chinese) }

    var sentence: String {
        switch situation {
        case .booting: say("shipkeeper is starting.", "shipkeeper 正在启动。")
        case .stopping: say("Everything is being stopped.", "正在停止所有服务。")
        case .safeMode: say("This is safe mode: nothing runs.", "当前为安全模式：不运行任何任务。")
        case .restoring(let percent?): say("The data are being restored: \(percent) %.", "正在恢复数据：\(percent)%。")
        case .restoring(nil): say("The data are being restored.", "正在恢复数据。")
        case .restoreFailed: say("The restore of the data has failed, so the app was not started.", "数据恢复失败，应用未启动。")
        case .appWaits(let app): say("\(app) waits for other jobs.", "\(app) 正在等待其他任务。")
        case .appStarts(let app, let since?):
            say("\(app) has been starting for \(length(since)).", "\(app) 正在启动，已用 \(length(since))。")
        case .appStarts(let app, nil): say("\(app) is starting.", "\(app) 正在启动。")
        case .appUnready(let app): say("\(app) runs, and does not answer its health check.", "\(app) 在运行，但未通过健康检查。")
        case .appEnded(let app): say("\(app) has ended, and will be started again.", "\(app) 已退出，稍后将重新启动。")
        case .appGivenUp(let app): say("\(app) could not be started, and was given up.", "\(app) 多次启动失败，已放弃。")
        case .appStopped(let app): say("\(app) is stopped.", "\(app) 已停止。")
        case .appDisabled(let app): say("\(app) is disabled.", "\(app) 已禁用。")
        case .mistakes(let count):
            say(
                "The configuration has \(count.counted("mistake")); the one before stays in force.", "配置文件有 \(count) 处错误，仍使用之前的配置。")
        case .held(let count):
            say("The configuration has \(count.counted("mistake")), so nothing was started.", "配置文件有 \(count) 处错误，未启动任何任务。")
        case .attention(let count): say("\(count.counted("problem")) \(count == 1 ? "needs" : "need") attention.", "有 \(count) 个问题需要处理。")
        case .paused(let until?): say("All schedules are paused until \(ShownTime.text(until)).", "所有计划任务已暂停，至 \(ShownTime.text(until))。")
        case .paused(nil): say("All schedules are paused.", "所有计划任务已暂停。")
        case .well: say("All is well.", "一切正常。")
        }
    }

    /// What to do; nil where there is nothing to do.
    var advice: String? {
        switch situation {
        case .booting, .stopping, .restoring, .appWaits, .appStarts, .appEnded, .well: nil
        case .safeMode:
            say(
                "Download or check backups, then unset SHIPKEEPER_SAFE_MODE and restart the container.", "请下载或检查备份，然后取消 SHIPKEEPER_SAFE_MODE 并重启容器。")
        case .restoreFailed(let job, let next?):
            say("\(job) tries again at \(ShownTime.text(next)). Its log says why.", "\(job) 将于 \(ShownTime.text(next)) 重试，原因见其日志。")
        case .restoreFailed(let job, nil):
            say("Read the log of \(job), fix the cause, then run it again.", "请查看 \(job) 的日志，排除原因后重新运行。")
        case .appUnready(let app), .appGivenUp(let app): say("Read the log of \(app), then restart it.", "请查看 \(app) 的日志，然后重启它。")
        case .appStopped(let app): say("Start \(app) when it should run.", "需要运行时请启动 \(app)。")
        case .appDisabled(let app): say("The page of \(app) says why.", "原因见 \(app) 的页面。")
        case .mistakes, .held: say("Correct the file, then reload it.", "请修正文件，然后重新加载。")
        case .attention: say("They are listed below, each with what to do.", "问题及处理方法列在下面。")
        case .paused: say("Resume them when the work is done.", "完成后请恢复计划任务。")
        }
    }

    /// The same for any visitor.
    var publicAdvice: String? {
        switch situation {
        case .safeMode, .restoreFailed, .appUnready, .appGivenUp, .appStopped, .appDisabled, .held:
            say("The owner of this app can see the reason on the status page.", "应用的管理员可在状态页查看原因。")
        case .booting, .stopping, .restoring, .appWaits, .appStarts, .appEnded, .mistakes, .attention, .paused, .well: nil
        }
    }

    private func length(_ since: Date) -> String { Spoken.length(now.since(since), language) }
}
