#include "daylight/daemon/net/event_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

namespace dl::daemon {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Shared with the handlers that Asio holds, which find out by it that the handle is
// gone.
class FdWatch : public EventLoop::Watch {
 public:
  struct State : std::enable_shared_from_this<State> {
    State(asio::io_context& context, int fd, EventLoop::Function on_readable, EventLoop::Function on_writable)
        : descriptor(context, fd), readable(std::move(on_readable)), writable(std::move(on_writable)) {}
    // The descriptor is not ours to close.
    ~State() { descriptor.release(); }

    void Arm() {
      if (wants_readable && !waits_readable) {
        waits_readable = true;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                              [self = shared_from_this()](const error_code& error) {
                                self->waits_readable = false;
                                if (error || self->is_gone || !self->wants_readable) return;
                                self->readable();
                                if (!self->is_gone) self->Arm();
                              });
      }
      if (wants_writable && !waits_writable) {
        waits_writable = true;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                              [self = shared_from_this()](const error_code& error) {
                                self->waits_writable = false;
                                if (error || self->is_gone || !self->wants_writable) return;
                                self->writable();
                                if (!self->is_gone) self->Arm();
                              });
      }
    }

    asio::posix::stream_descriptor descriptor;
    EventLoop::Function readable;
    EventLoop::Function writable;
    bool wants_readable = false;
    bool wants_writable = false;
    bool waits_readable = false;
    bool waits_writable = false;
    bool is_gone = false;
  };

  explicit FdWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~FdWatch() override {
    state_->is_gone = true;
    // Also takes it out of epoll, before the owner closes it.
    state_->descriptor.release();
  }
  void Want(bool readable, bool writable) override {
    state_->wants_readable = readable;
    state_->wants_writable = writable;
    state_->Arm();
  }

 private:
  std::shared_ptr<State> state_;
};

class Repeated : public EventLoop::Handle {
 public:
  struct State : std::enable_shared_from_this<State> {
    State(asio::io_context& context, std::chrono::milliseconds every, EventLoop::Function what)
        : timer(context), period(every), function(std::move(what)) {}
    void Arm() {
      timer.expires_after(period);
      timer.async_wait([self = shared_from_this()](const error_code& error) {
        if (error || self->is_gone) return;
        self->function();
        if (!self->is_gone) self->Arm();
      });
    }
    asio::steady_timer timer;
    std::chrono::milliseconds period;
    EventLoop::Function function;
    bool is_gone = false;
  };
  explicit Repeated(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~Repeated() override {
    state_->is_gone = true;
    state_->timer.cancel();
  }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

struct EventLoop::Impl {
  asio::io_context context{1};  // One thread.
  struct Signal {
    Signal(asio::io_context& context, int number, Function what) : set(context, number), function(std::move(what)) {}
    void Arm() {
      set.async_wait([this](const error_code& error, int) {
        if (error) return;
        function();
        Arm();
      });
    }
    asio::signal_set set;
    Function function;
  };
  std::list<Signal> signals;
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::Run() {
  const auto guard = asio::make_work_guard(impl_->context);
  impl_->context.run();
}

void EventLoop::Stop() { impl_->context.stop(); }

void EventLoop::Post(Function function) { asio::post(impl_->context, std::move(function)); }

std::unique_ptr<EventLoop::Watch> EventLoop::WatchFd(int fd, Function readable, Function writable) {
  return std::make_unique<FdWatch>(
      std::make_shared<FdWatch::State>(impl_->context, fd, std::move(readable), std::move(writable)));
}

std::unique_ptr<EventLoop::Handle> EventLoop::OnReadable(int fd, Function function) {
  auto watch = WatchFd(fd, std::move(function), [] {});
  watch->Want(true, false);
  return watch;
}

std::unique_ptr<EventLoop::Handle> EventLoop::Every(std::chrono::milliseconds period, Function function) {
  auto state = std::make_shared<Repeated::State>(impl_->context, period, std::move(function));
  state->Arm();
  return std::make_unique<Repeated>(std::move(state));
}

void EventLoop::OnSignal(int number, Function function) {
  impl_->signals.emplace_back(impl_->context, number, std::move(function)).Arm();
}

}  // namespace dl::daemon
