// SPDX-License-Identifier: Apache-2.0
// What a chain can do with money, one contract a case. Compiled by compile.mjs into Money.json.
pragma solidity ^0.8.28;

contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    mapping(address => uint256) public balanceOf;
    uint8 public constant decimals = 6;
    string public constant symbol = "TUSD";

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }

    function burn(uint256 value) external {
        balanceOf[msg.sender] -= value;
        emit Transfer(msg.sender, address(0), value);
    }
}

// A token that does not say its decimals.
contract Nameless {
    event Transfer(address indexed from, address indexed to, uint256 value);

    function transfer(address to, uint256 value) external {
        emit Transfer(msg.sender, to, value);
    }
}

// The fourth topic is the number of a thing, not an amount.
contract Thing {
    event Transfer(address indexed from, address indexed to, uint256 indexed id);

    function give(address to, uint256 id) external {
        emit Transfer(msg.sender, to, id);
    }
}

// The same event by name and types, with nothing indexed.
contract Odd {
    event Transfer(address from, address to, uint256 value);

    function transfer(address to, uint256 value) external {
        emit Transfer(msg.sender, to, value);
    }
}

// Wrapped ether: the contract of the main chain tells of wrapping by events of its own.
contract Wrapped {
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);
    mapping(address => uint256) public balanceOf;
    uint8 public constant decimals = 18;

    function deposit() external payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 wad) external {
        balanceOf[msg.sender] -= wad;
        emit Withdrawal(msg.sender, wad);
        payable(msg.sender).transfer(wad);
    }

    function transfer(address dst, uint256 wad) external returns (bool) {
        balanceOf[msg.sender] -= wad;
        balanceOf[dst] += wad;
        emit Transfer(msg.sender, dst, wad);
        return true;
    }
}

contract Splitter {
    function split(address payable left, address payable right) external payable {
        left.transfer(msg.value / 3);
        right.transfer(msg.value - msg.value / 3);
    }
}

// The inner call pays and then all of it is undone, but the outer one goes on and pays `other`.
contract Nested {
    function attempt(address payable target, address payable other) external payable {
        try this.inner{value: msg.value / 2}(target) {} catch {}
        other.transfer(msg.value / 4);
    }

    function inner(address payable target) external payable {
        target.transfer(msg.value);
        revert("undone");
    }

    function fail() external payable {
        revert("always");
    }
}

contract Heir {
    constructor() payable {}

    function end(address payable to) external {
        selfdestruct(to);
    }
}

contract Maker {
    event Made(address child);

    // a child that is born with money and gives it all away in the same transaction
    function make(address payable to) external payable {
        Heir child = new Heir{value: msg.value}();
        emit Made(address(child));
        child.end(to);
    }

    function keep() external payable {
        emit Made(address(new Heir{value: msg.value}()));
    }
}

contract Logic {
    event Seen(uint256 value);

    function run() external payable {
        emit Seen(msg.value);
    }
}

// A delegatecall carries the value of its caller, but moves none.
contract Proxy {
    address public logic;

    constructor(address logic_) {
        logic = logic_;
    }

    fallback() external payable {
        (bool done, ) = logic.delegatecall(msg.data);
        require(done);
    }
}
