#pragma once

/// @file Private to this folder: includes POCO.

#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerSession.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServerConnection.h>

#include "web/server/connections.hpp"
#include "web/server/server.hpp"

namespace postern::web {

/// What all connections of a server share.
struct Shared {
    ServerSettings settings;
    Handler handler;
    Connections connections;
    Poco::Net::HTTPServerParams::Ptr parameters;
};

/// One client: reads requests, asks the handler, writes answers. POCO's own loop would serve
/// requests that are framed in two ways, and has no deadline for a whole request.
class Connection : public Poco::Net::TCPServerConnection {
public:
    Connection(const Poco::Net::StreamSocket& socket, Shared& shared);

    void run() override;

private:
    void serve(Poco::Net::HTTPServerSession& session, Connections::Entry& entry);
    /// True when another request may follow on this connection.
    bool serve_one(Poco::Net::HTTPServerSession& session, Connections::Entry& entry);

    Shared& shared_;
};

}  // namespace postern::web
