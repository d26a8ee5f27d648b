package import Scheduler

/// States and outcomes in the words of a language.
package enum StateWords {
    package static func text(_ state: StateName, _ language: Language) -> String {
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

    package static func text(_ outcome: RunOutcome, _ language: Language) -> String {
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
}
