#include "gateway/transaction/screening.hpp"

#include "gateway/checks/names.hpp"
#include "gateway/checks/options.hpp"
#include "gateway/state/caches.hpp"

namespace postern::transaction {
namespace {

using checks::Part;
using checks::Stage;
using std::chrono::milliseconds;

constexpr milliseconds kNamesPoll{100};
constexpr char kSeen[] = "banner";

std::chrono::seconds remembered_for(const checks::Plan& plan) {
    return std::chrono::duration_cast<std::chrono::seconds>(
        checks::option<milliseconds>(plan.at("pregreet").options, "remember"));
}

}  // namespace

/// What the store knows.
struct Screening::Remembered {
    bool seen = false;  ///< sat out a wait lately
    checks::Heard heard = {};

    static Remembered of(const Visit& visit, const checks::Facts& facts, dns::Inquiry& inquiry) {
        Remembered found;
        examine(visit.services, Stage::Connection, Part::Store, facts, inquiry, found.heard);
        const state::SeenLately seen(visit.services.state, kSeen,
                                     remembered_for(visit.services.checks));
        const auto known = seen.seen(visit.client.address.text());
        found.seen = known && *known;
        return found;
    }
};

Screening::Screening(std::shared_ptr<Visit> visit, net::Timer& timer, net::Answer done)
    : visit_(std::move(visit)), timer_(timer), post_(timer.post()), done_(std::move(done)) {}

milliseconds Screening::wait() const {
    const checks::Configured& pregreet = visit_->services.checks.at("pregreet");
    if (pregreet.mode == checks::Mode::Off || visit_->facts.connection.trusted) {
        return milliseconds(0);
    }
    return checks::option<milliseconds>(pregreet.options,
                                        visit_->client.load.overload ? "stress_wait" : "wait");
}

void Screening::start() {
    Visit& visit = *visit_;
    examine(visit.services, Stage::Connection, Part::AtOnce, visit.facts, visit.inquiry,
            visit.at_connect);
    if (visit.at_connect.refusal) return refuse();
    const bool bans =
        has(visit.services.checks, Stage::Connection, Part::Store, visit.facts.connection);
    if (bans || wait().count() > 0) ask_store();
    if (answered_ || waited_) return;
    if (wait().count() == 0) return wait_over();
    timer_.after(wait(), [this] {
        sat_out_ = !waited_;
        wait_over();
    });
}

/// Bans, rates, and whether this client sat out a wait lately: at once, or one job. If no thread is
/// to be had, nothing is known, and the client waits as a stranger does.
void Screening::ask_store() {
    if (!visit_->services.state.may_wait()) {
        Remembered remembered = Remembered::of(*visit_, visit_->facts, visit_->inquiry);
        store_asked_ = true;
        return hear_store(remembered);
    }
    const auto job = [visit = visit_, facts = visit_->facts, post = post_, this] {
        auto remembered =
            std::make_shared<Remembered>(Remembered::of(*visit, facts, visit->inquiry));
        post([this, remembered] { hear_store(*remembered); });
    };
    store_asked_ = visit_->services.pool.submit(job);
}

void Screening::take(checks::Heard& heard) {
    for (checks::Kept& each : heard.findings) {
        visit_->at_connect.findings.push_back(std::move(each));
    }
    visit_->at_connect.refusal = std::move(heard.refusal);
    visit_->at_connect.refused_by = heard.refused_by;
}

void Screening::hear_store(Remembered& remembered) {
    store_heard_ = true;
    if (answered_) return;
    take(remembered.heard);
    if (visit_->at_connect.refusal) return refuse();
    if (remembered.seen || waited_) wait_over();
}

void Screening::early_talk() {
    if (answered_ || visit_->facts.connection.early_talker) return;
    visit_->facts.connection.early_talker = true;
    examine_one(visit_->services, "pregreet", visit_->facts, visit_->inquiry, visit_->at_connect);
    tell_store(visit_->services, [visit = visit_, client = visit_->facts.connection] {
        offend(visit->services, client, "early_talk", "spoke before the banner");
    });
    if (visit_->at_connect.refusal) return refuse();
    wait_over();
}

void Screening::wait_over() {
    waited_ = true;
    if (answered_ || (store_asked_ && !store_heard_)) return;
    if (has(visit_->services.checks, Stage::Connection, Part::Dns, visit_->facts.connection)) {
        return await_names();
    }
    greet();
}

/// A check that is to enforce needs the answers now. They come on their own: each question has its
/// deadline, and there are two in a row.
void Screening::await_names() {
    if (answered_) return;
    if (checks::client_name_ready(visit_->inquiry, visit_->client.address)) return judge_names();
    timer_.after(kNamesPoll, [this] { await_names(); });
}

void Screening::judge_names() {
    auto heard = std::make_shared<checks::Heard>();
    const auto job = [visit = visit_, facts = visit_->facts, post = post_, heard, this] {
        examine(visit->services, Stage::Connection, Part::Dns, facts, visit->inquiry, *heard);
        post([this, heard] { hear_names(*heard); });
    };
    const bool taken = visit_->services.pool.submit(job);
    if (!taken && !answered_) {
        answered_ = true;
        done_({421, "4.3.2", "Too busy now, try again later (" + visit_->id + ")"});
    }
}

void Screening::hear_names(checks::Heard& heard) {
    take(heard);
    if (visit_->at_connect.refusal) return refuse();
    greet();
}

void Screening::greet() {
    if (answered_) return;
    answered_ = true;
    remember_pass();
    visit_->stage = "greeted";
    smtp::Reply banner =
        smtp::usual_reply(smtp::Connected{}, visit_->services.settings.smtp.hostname);
    banner.text += " " + visit_->id;
    done_(banner);
}

void Screening::refuse() {
    if (answered_) return;
    answered_ = true;
    const smtp::Reply reply = traced(*visit_->at_connect.refusal, visit_->id);
    visit_->refused_by = std::string(visit_->at_connect.refused_by);
    visit_->refusal = words_of(reply);
    ++visit_->refusals;
    done_(reply);
}

void Screening::remember_pass() const {
    if (!sat_out_ || visit_->facts.connection.early_talker) return;
    tell_store(visit_->services, [visit = visit_] {
        const state::SeenLately seen(visit->services.state, kSeen,
                                     remembered_for(visit->services.checks));
        (void)seen.note(visit->client.address.text());
    });
}

}  // namespace postern::transaction
