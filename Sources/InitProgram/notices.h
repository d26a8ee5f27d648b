// The sockets at which services say how they are (sd_notify(3)), while nobody listens.
#pragma once

/// There is no daemon: lets the kernel drop what only says that a service is alive, or what it does, so that the few places in the queue of a socket are
/// left for what counts, and a service does not wait for one. The next daemon ends that when it takes the socket over.
void notices_thin(void);
