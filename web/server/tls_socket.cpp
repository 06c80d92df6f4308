#include "web/server/tls_socket.hpp"

#include <Poco/Crypto/EVPPKey.h>
#include <Poco/Crypto/X509Certificate.h>
#include <Poco/Exception.h>
#include <Poco/Net/SecureStreamSocketImpl.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <openssl/ssl.h>

#include <sstream>
#include <vector>

namespace postern::web {
namespace {

using Poco::Net::Context;

class AcceptedSocket : public Poco::Net::SecureStreamSocketImpl {
public:
    AcceptedSocket(Poco::Net::StreamSocketImpl* plain, const Context::Ptr& context)
        : SecureStreamSocketImpl(plain, context) {
        acceptSSL();
    }

protected:
    ~AcceptedSocket() override = default;
};

class InheritedListener : public Poco::Net::ServerSocketImpl {
public:
    InheritedListener(int descriptor, Context::Ptr context) : context_(std::move(context)) {
        reset(descriptor);
    }
    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& client) override {
        // The StreamSocket owns the plain half; the secure one takes its own share of it.
        const Poco::Net::StreamSocket plain(ServerSocketImpl::acceptConnection(client));
        return new AcceptedSocket(static_cast<Poco::Net::StreamSocketImpl*>(plain.impl()),
                                  context_);
    }

protected:
    ~InheritedListener() override = default;

private:
    Context::Ptr context_;
};

/// ServerSocket takes an implementation only from classes derived from it.
class AdoptedSocket : public Poco::Net::ServerSocket {
public:
    explicit AdoptedSocket(Poco::Net::SocketImpl* socket) : ServerSocket(socket, true) {}
};

std::vector<std::string> certificates_in(const std::string& pem) {
    static const std::string end = "-----END CERTIFICATE-----";
    std::vector<std::string> found;
    for (std::size_t from = 0;;) {
        const std::size_t stop = pem.find(end, from);
        if (stop == std::string::npos) return found;
        found.push_back(pem.substr(from, stop + end.size() - from) + "\n");
        from = stop + end.size();
    }
}

}  // namespace

Outcome<Context::Ptr, std::string> tls_context(const std::string& certificate_pem,
                                               const std::string& key_pem) {
    try {
        Context::Params params;
        params.verificationMode = Context::VERIFY_NONE;  // we ask for no client certificate
        params.cipherList = "HIGH:!aNULL:!kRSA:!SHA1";
        Context::Ptr context(new Context(Context::TLS_SERVER_USE, params));
        context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
        context->preferServerCiphers();
        const auto chain = certificates_in(certificate_pem);
        if (chain.empty()) return Failure{std::string("certificate: no PEM certificate in it")};
        for (std::size_t i = 0; i < chain.size(); ++i) {
            std::istringstream in(chain[i]);
            const Poco::Crypto::X509Certificate certificate(in);
            if (i == 0) {
                context->useCertificate(certificate);
            } else {
                context->addChainCertificate(certificate);
            }
        }
        std::istringstream key(key_pem);
        context->usePrivateKey(Poco::Crypto::EVPPKey(nullptr, &key));
        if (SSL_CTX_check_private_key(context->sslContext()) != 1) {
            return Failure{std::string("key: does not belong to the certificate")};
        }
        return context;
    } catch (const Poco::Exception& error) {
        return Failure{"certificate or key: " + error.displayText()};
    }
}

Poco::Net::ServerSocket tls_listener(UniqueFd listener, const Context::Ptr& context) {
    return AdoptedSocket(new InheritedListener(listener.release(), context));
}

}  // namespace postern::web
