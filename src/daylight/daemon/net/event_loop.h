// EventLoop is the daemon's one thread of work: descriptors, timers, signals.
//
//   EventLoop loop;
//   auto watch = loop.OnReadable(fd, [&] { Read(fd); });
//   loop.Every(std::chrono::milliseconds(250), [&] { Tick(); });
//   loop.OnSignal(SIGTERM, [&] { loop.Stop(); });
//   loop.Run();
//
// Functions are called from Run() only, one at a time. A handle that is destroyed
// ends what it stands for, also from within its own function. Boost.Asio underneath.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace dl::daemon {

class EventLoop {
 public:
  // Ends what was asked for when it is destroyed.
  class Handle {
   public:
    virtual ~Handle() = default;
  };
  // A descriptor that is watched for what is wanted of it, again and again.
  class Watch : public Handle {
   public:
    virtual void Want(bool readable, bool writable) = 0;
  };
  using Function = std::function<void()>;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Run();
  void Stop();
  // Soon, once.
  void Post(Function function);
  // `fd`: borrowed, open for as long as the handle is there. Level-triggered: called
  // again while there is something that is not taken.
  [[nodiscard]] std::unique_ptr<Handle> OnReadable(int fd, Function function);
  // Nothing is wanted at first.
  [[nodiscard]] std::unique_ptr<Watch> WatchFd(int fd, Function readable, Function writable);
  [[nodiscard]] std::unique_ptr<Handle> Every(std::chrono::milliseconds period, Function function);
  void OnSignal(int number, Function function);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::daemon
