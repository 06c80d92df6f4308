#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "analyzers/host/door.hpp"
#include "analyzers/host/generation.hpp"
#include "analyzers/host/sealed_message.hpp"

namespace postern::host {

using Clock = Door::Clock;
using namespace std::chrono_literals;

/// A running analyzer, or a program that behaves like one, and a door to it.
class Started {
public:
    explicit Started(const std::string& program, const AnalyzerSettings& settings = {},
                     const DoorSettings& door_settings = {})
        : door(door_settings), program_(program), settings_(settings) {
        generation = start();
        if (generation) door.set_channel(connect());
    }
    [[nodiscard]] std::unique_ptr<Generation> start() const {
        auto started = Generation::start(program_, settings_);
        EXPECT_TRUE(started);
        if (!started) return nullptr;
        std::unique_ptr<Generation> made = std::move(started).value();
        const auto ready = made->wait_ready(60s);
        EXPECT_TRUE(ready) << (ready ? "" : ready.error());
        return ready ? std::move(made) : nullptr;
    }
    [[nodiscard]] UniqueFd connect() const {
        auto channel = generation->connect();
        EXPECT_TRUE(channel);
        return channel ? std::move(*channel) : UniqueFd();
    }
    [[nodiscard]] Outcome<analyzers::Report, DoorFailure> analyze(
        const std::string& bytes, MessageKind kind = MessageKind::Message,
        std::chrono::milliseconds patience = 60s) {
        const auto message = sealed_message(bytes);
        if (!message) return Failure{DoorFailure::Unavailable};
        return door.analyze(message->get(), bytes.size(), kind, limits, Clock::now() + patience);
    }

    analyzers::Limits limits;
    std::unique_ptr<Generation> generation;
    Door door;

private:
    std::string program_;
    AnalyzerSettings settings_;
};

inline const std::string kVictim = POSTERN_VICTIM;
inline const std::string kAnalyzer = POSTERN_BIN "/postern-analyzer";

}  // namespace postern::host
