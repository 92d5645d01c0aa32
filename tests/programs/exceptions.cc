// The C++ run-time library: streams, containers, exceptions.
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

static int depth(int level) {
    if (level == 0)
        throw std::runtime_error("thrown");
    return depth(level - 1) + 1;
}

int main() {
    std::map<std::string, int> words;
    for (const char *word : {"b", "a", "b"})
        words[word]++;
    for (const auto &[word, count] : words)
        std::cout << word << ' ' << count << '\n';
    try {
        std::cout << depth(10);
    } catch (const std::exception &error) {
        std::cout << error.what() << ' ' << 2.5 << std::endl;
    }
    return 0;
}
