import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Counts the requests of one connection: from the head that was read to the last byte that the kernel has taken, or to the end of the connection.
final class AnswerCounter: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let requests: OpenRequests
    private var open = 0

    init(_ requests: OpenRequests) { self.requests = requests }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) {
            open += 1
            requests.begin()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in self.finish(min(1, self.open)) }
        context.write(data, promise: written)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(open)
        context.fireChannelInactive()
    }

    private func finish(_ count: Int) {
        open -= count
        for _ in 0..<count { requests.end() }
    }
}
