"""A person at the Vendure shop: orders, pays, ships, notes and gives back through its own two APIs."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx

_RESULT = "__typename ...on ErrorResult{errorCode message}"


class Api:
    """One signed-in session of the shop or its administration."""

    def __init__(self, url: str, kind: str) -> None:
        self._http = httpx.Client(timeout=60, trust_env=False)
        self._url, self._token = f"{url}/{kind}-api", ""

    def close(self) -> None:
        self._http.close()

    def _headers(self) -> dict[str, str]:
        plain = {"apollo-require-preflight": "1"}
        return {**plain, "authorization": f"Bearer {self._token}"} if self._token else plain

    def _read(self, answer: httpx.Response) -> Any:
        self._token = answer.headers.get("vendure-auth-token", self._token)
        said = answer.json()
        assert not said.get("errors"), json.dumps(said["errors"])[:800]
        return said["data"]

    def ask(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        return self._read(self._http.post(self._url, json=body, headers=self._headers()))

    def do(self, what: str, types: str = "", more: str = "", **variables: Any) -> Any:
        """A mutation with one result, which may not be an error."""
        names = ",".join(f"{name}:${name}" for name in variables)
        head = f"mutation({types})" if types else "mutation"
        call = f"{what}({names})" if names else what
        result = self.ask(f"{head}{{{call}{{{_RESULT} {more}}}}}", **variables)[what]
        assert "errorCode" not in result, result
        return result

    def sign_in(self, name: str, password: str) -> None:
        self.do("login", "$username:String!,$password:String!", username=name, password=password)

    def upload(self, name: str, data: bytes) -> Any:
        """An asset, by the multipart form of graphql-upload."""
        query = "mutation($input:[CreateAssetInput!]!){createAssets(input:$input){...on Asset{id source}}}"
        operations = json.dumps({"query": query, "variables": {"input": [{"file": None}]}})
        form = {"operations": operations, "map": json.dumps({"0": ["variables.input.0.file"]})}
        files = {"0": (name, data, "image/png")}
        return self._read(self._http.post(self._url, data=form, files=files, headers=self._headers()))["createAssets"][
            0
        ]


class Shop:
    """The administration, and customers who come and buy."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.admin = Api(url, "admin")
        self.admin.sign_in("superadmin", "superadmin")
        self.variants = self._variants()
        self._card()

    def close(self) -> None:
        self.admin.close()

    def _variants(self) -> list[str]:
        rows = self.admin.ask("{productVariants(options:{take:50}){items{id}}}")["productVariants"]["items"]
        some = [row["id"] for row in rows]
        change = [{"id": one, "trackInventory": "FALSE"} for one in some]
        self.admin.ask("mutation($i:[UpdateProductVariantInput!]!){updateProductVariants(input:$i){id}}", i=change)
        return some

    def _card(self) -> None:
        there = self.admin.ask("{paymentMethods{items{code}}}")["paymentMethods"]["items"]
        if any(row["code"] == "card" for row in there):
            return
        name = [{"languageCode": "en", "name": "Card", "description": ""}]
        method = {
            "code": "card",
            "enabled": True,
            "handler": {"code": "gateway", "arguments": []},
            "translations": name,
        }
        self.admin.ask("mutation($i:CreatePaymentMethodInput!){createPaymentMethod(input:$i){id}}", i=method)

    def buy(self, number: int, items: list[tuple[int, int]], method: str = "card", **paid: Any) -> dict[str, Any]:
        """An order of variants by place, placed and paid: `{id, code}`."""
        shop = Api(self.url, "shop")
        try:
            for variant, quantity in items:
                shop.do("addItemToOrder", "$productVariantId:ID!,$quantity:Int!",
                        productVariantId=self.variants[variant], quantity=quantity)  # fmt: skip
            who = {"firstName": f"Ama{number}", "lastName": "Owusu", "emailAddress": f"ama{number}@example.com"}
            shop.do("setCustomerForOrder", "$input:CreateCustomerInput!", input=who)
            to = {"fullName": f"Ama{number} Owusu", "streetLine1": "12 Test Street", "city": "Berlin"}
            to |= {"postalCode": "10115", "countryCode": "DE"}
            shop.ask("mutation($i:CreateAddressInput!){setOrderShippingAddress(input:$i){__typename}}", i=to)
            way = shop.ask("{eligibleShippingMethods{id}}")["eligibleShippingMethods"][0]["id"]
            shop.ask("mutation($i:[ID!]!){setOrderShippingMethod(shippingMethodId:$i){__typename}}", i=[way])
            shop.ask('mutation{transitionOrderToState(state:"ArrangingPayment"){__typename}}')
            pay = {"method": method, "metadata": paid}
            made: dict[str, Any] = shop.do(
                "addPaymentToOrder", "$input:PaymentInput!", "...on Order{id code}", input=pay
            )
            return made
        finally:
            shop.close()

    def order(self, id: str) -> Any:
        query = "query($id:ID!){order(id:$id){id code state updatedAt lines{id quantity} payments{id amount state}}}"
        return self.admin.ask(query, id=id)["order"]

    def settle(self, id: str) -> None:
        self.admin.do("settlePayment", "$id:ID!", id=self.order(id)["payments"][0]["id"])

    def ship(self, id: str, tracking: str, *states: str) -> None:
        lines = [{"orderLineId": line["id"], "quantity": line["quantity"]} for line in self.order(id)["lines"]]
        handler = [{"name": "method", "value": "DHL"}, {"name": "trackingCode", "value": tracking}]
        told = {"lines": lines, "handler": {"code": "manual-fulfillment", "arguments": handler}}
        made = self.admin.do("addFulfillmentToOrder", "$input:FulfillOrderInput!", "...on Fulfillment{id}", input=told)
        for state in states:
            self.admin.do("transitionFulfillmentToState", "$id:ID!,$state:String!", id=made["id"], state=state)

    def note(self, id: str, text: str, public: bool = False) -> None:
        told = {"id": id, "note": text, "isPublic": public}
        self.admin.ask("mutation($i:AddNoteToOrderInput!){addNoteToOrder(input:$i){id}}", i=told)

    def refund(self, id: str, amount: int, reason: str = "Damaged") -> dict[str, Any]:
        payment = self.order(id)["payments"][0]["id"]
        # Called deprecated, and yet needed: without them its database refuses.
        told = {"paymentId": payment, "amount": amount, "reason": reason, "shipping": 0, "adjustment": 0, "lines": []}
        made: dict[str, Any] = self.admin.do(
            "refundOrder", "$input:RefundOrderInput!", "...on Refund{id state}", input=told
        )
        return made

    def settle_refund(self, id: str) -> None:
        told = {"id": id, "transactionId": f"bank-{uuid.uuid4().hex[:8]}"}
        self.admin.do("settleRefund", "$input:SettleRefundInput!", input=told)

    def cancel(self, id: str) -> None:
        told = {"orderId": id, "reason": "changed their mind", "cancelShipping": True}
        self.admin.do("cancelOrder", "$input:CancelOrderInput!", input=told)

    def evidence(self, id: str, name: str, picture: bytes) -> None:
        asset = self.admin.upload(name, picture)
        told = {"id": id, "customFields": {"evidenceIds": [asset["id"]]}}
        self.admin.ask("mutation($i:UpdateOrderInput!){setOrderCustomFields(input:$i){id}}", i=told)
