import Control
import JobKit
import Scheduler

/// States and outcomes in words, and in the class that gives them colour and shape.
enum StateWords {
    static func text(_ state: StateName, _ language: Language) -> String {
        guard language == .chinese else { return state.rawValue }
        return switch state {
        case .waiting: "等待中"
        case .running: "运行中"
        case .stopping: "正在停止"
        case .deferred: "已推迟"
        case .finished: "已结束"
        case .waitingToRetry: "等待重试"
        case .idle: "尚未运行"
        case .disabled: "已禁用"
        case .ok: "正常"
        case .incomplete: "不完整"
        case .failed: "失败"
        case .interrupted: "被中断"
        case .timedOut: "超时"
        case .stopped: "已停止"
        case .starting: "启动中"
        case .ready: "就绪"
        case .unready: "未就绪"
        case .backingOff: "等待重启"
        case .givenUp: "已放弃"
        }
    }

    static func tone(_ state: StateName) -> String {
        switch state {
        case .ok, .ready: "good"
        case .waiting, .running, .stopping, .deferred, .starting, .finished: "busy"
        case .waitingToRetry, .incomplete, .failed, .interrupted, .timedOut, .unready, .backingOff, .givenUp: "bad"
        case .idle, .disabled, .stopped: "idle"
        }
    }

    static func text(_ run: RunAnswer, _ language: Language) -> String {
        guard let outcome = run.outcome else { return text(run.state, language) }
        return text(outcome, language)
    }

    static func text(_ outcome: RunOutcome, _ language: Language) -> String {
        guard language == .chinese else { return outcome.rawValue }
        return switch outcome {
        case .succeeded: "成功"
        case .incomplete: "不完整"
        case .failed: "失败"
        case .timedOut: "超时"
        case .cancelled: "已取消"
        case .skipped: "已跳过"
        case .interrupted: "被中断"
        }
    }

    static func tone(_ run: RunAnswer) -> String {
        switch run.outcome {
        case .succeeded: "good"
        case .incomplete, .failed, .timedOut, .interrupted: "bad"
        case .cancelled, .skipped: "idle"
        case nil: tone(run.state)
        }
    }
}
